"""Inputs that a fuzzer or a person has found are read or rejected, and the fuzzer's own judgement.

``make fuzz`` writes new ones to ``var/fuzz``; a file in ``found/<reader>/`` is a test.
"""

from pathlib import Path

import pytest

from tools.fuzz import growth_mb, problem_of
from tools.fuzz_readers import readers

FOUND = sorted(path for path in (Path(__file__).parent / "found").glob("*/*") if path.is_file())
READERS = readers()


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_found_input_is_read_or_rejected_with_a_message(tmp_path, path):
    message = READERS[path.parent.name].read(path.read_bytes(), tmp_path)
    assert message is None or message.strip()


@pytest.mark.parametrize("name", [name for name in READERS if name not in ("lease", "notation")])
def test_the_fuzzer_begins_with_inputs_that_are_taken(tmp_path, name):
    assert [READERS[name].read(seed, tmp_path) for seed in READERS[name].seeds] == [None] * len(READERS[name].seeds)


def test_a_lease_in_force_is_named_to_a_second_owner(tmp_path):
    assert READERS["lease"].read(READERS["lease"].seeds[0], tmp_path) == "FR is held by first"


@pytest.mark.parametrize(
    ("code", "log", "inputs", "growth", "words"),
    [
        (0, "Done 900 runs in 50 second(s)", 900, 3.0, ""),
        (77, "KeyError: 'a'\n==9== ERROR: libFuzzer: fuzz target exited", 9, 0.0, "exit code 77, KeyError: 'a'"),
        (0, "Test unit written to var/fuzz/csv/crash-1", 9, 0.0, "input: var/fuzz/csv/crash-1"),
        (0, "", 0, 0.0, "no input was tried"),
        (0, "", 900, 151.0, "memory grew by 151 MB"),
    ],
)
def test_what_the_fuzzer_reports(code, log, inputs, growth, words):
    problem = problem_of(code, log, inputs, growth)
    assert (words in problem) if words else problem == ""


def test_growth_is_that_of_the_second_half():
    assert growth_mb([(0.1, 1, 100.0), (4.0, 50, 180.0), (6.0, 90, 190.0), (10.0, 200, 195.0)]) == 5.0
    assert growth_mb([(0.1, 1, 100.0)]) == 0.0
