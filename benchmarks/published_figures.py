"""Published figures of the monthly tasks of the Chronos zero-shot benchmark whose series are in this benchmark's sets.

From autogluon/fev, benchmarks/chronos_zeroshot/results: MASE (season 12) and WQL (0.1 to 0.9) of each model. Here
belong numbers that others measured, and the tasks they belong to.
"""

import dataclasses

SOURCE = "autogluon/fev, benchmarks/chronos_zeroshot/results"


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of the benchmark on a set, and the published MASE and WQL by model."""

    horizon_months: int
    published: dict[str, tuple[float, float]]


ZERO_SHOT_TASKS = {
    "m3": Task(
        18,
        {
            "seasonal naive": (1.1462, 0.1485),
            "AutoETS": (0.8634, 0.0931),
            "AutoARIMA": (0.8755, 0.0981),
            "Chronos large": (0.8527, 0.0946),
            "Chronos-Bolt base": (0.8511, 0.0927),
            "Moirai 1.1 large": (0.9034, 0.0969),
            "TimesFM 2.0": (0.8321, 0.0887),
            "TiRex": (0.8308, 0.0899),
            "TimeCopilot": (0.8286, 0.0901),
        },
    ),
    "hospital": Task(
        12,
        {
            "seasonal naive": (0.9205, 0.0726),
            "AutoETS": (0.7702, 0.0532),
            "AutoARIMA": (0.7837, 0.0586),
            "Chronos large": (0.8113, 0.0549),
            "Chronos-Bolt base": (0.7912, 0.0570),
            "Moirai 1.1 large": (0.7848, 0.0528),
            "TimesFM 2.0": (0.7547, 0.0498),
            "TiRex": (0.7632, 0.0519),
            "TimeCopilot": (0.7716, 0.0536),
        },
    ),
    "carparts": Task(
        12,
        {
            "seasonal naive": (1.2015, 1.6000),
            "AutoETS": (1.2203, 1.3399),
            "AutoARIMA": (1.1190, 1.3330),
            "Chronos large": (0.8883, 1.0544),
            "Chronos-Bolt base": (0.8550, 0.9945),
            "Moirai 1.1 large": (0.8275, 0.9748),
            "TimesFM 2.0": (0.9863, 1.6516),
            "TiRex": (0.8392, 0.9915),
            "TimeCopilot": (0.8438, 0.9773),
        },
    ),
}
