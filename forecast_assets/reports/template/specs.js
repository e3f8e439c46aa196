// What each chart shows: the demand of the market, a category or a SKU, and accuracy by lag. Nothing is drawn here.
"use strict";
function chartSpecs(data) {
  const { formatUnits, formatPercent, formatMonth } = pageText;
  const seconds = data.months.map((month) => Date.parse(month + "-01T00:00:00Z") / 1000);
  const history = data.history_months;
  const EVENTS = {
    launch: ["L", "good", 0, "Launch"], end: ["E", "override", 0, "End"], promotion: ["P", "model", 1, "Promotion"],
    price: ["€", "baseline", 2, "Price"], mark: ["!", "muted", 3, "Marked"],
  };

  // Values over all months: `values` starts at month `first`, null elsewhere.
  function placed(values, first) {
    const line = new Array(data.months.length).fill(null);
    values.forEach((value, index) => { if (first + index < line.length) line[first + index] = value; });
    return line;
  }
  const isKnown = (values) => values.some((value) => value !== null);

  // Rows of letters without gaps: a SKU without promotions has none for them.
  function eventsOf(events) {
    const present = [...new Set(events.map(([kind]) => EVENTS[kind][2]))].sort();
    return events.map(([kind, at, text]) => {
      const [letter, colour, row, title] = EVENTS[kind];
      return { letter, colour, row: present.indexOf(row), at, text: title + (text ? " " + text.replaceAll("_", " ") : "") };
    });
  }

  // Years, or quarters where the page shows three years or less.
  function monthAxis() {
    const step = data.months.length > 36 ? 12 : 3;
    const indexes = data.months.map((month, index) => index)
      .filter((index) => (Number(data.months[index].slice(5)) - 1) % step === 0);
    const label = (value) => {
      const text = formatMonth(data.months[seconds.indexOf(value)]);
      return step === 12 ? text.slice(4) : text;
    };
    return { splits: indexes.map((index) => seconds[index]), label };
  }

  // p90 and p10 come first: the band lies behind.
  function demand(series) {
    const line = (name, values, colour, width, dash, more) => ({ name, values, colour, width, dash, ...more });
    const p10 = placed(series.p10, history), p90 = placed(series.p90, history);
    const faint = (series.backtest || []).map((origin) =>
      line(null, placed(origin.model, origin.first_month), "backtest", 1.2));
    const lines = [line(null, p90, null, 0), line(null, p10, null, 0), ...faint,
      line("Actual", placed(series.history, 0), "ink", 1.8)];
    if (isKnown(series.last)) lines.push(line("Last month's forecast", placed(series.last, history), "last", 1.8, [2, 3]));
    lines.push(line("Holt-Winters", placed(series.baseline, history), "baseline", 1.8, [6, 4]));
    const differs = series.model.some((value, at) => value !== null && value !== series.forecast[at]);
    if (differs) lines.push(line("Model", placed(series.model, history), "own", 1.8, [8, 3, 2, 3]));
    lines.push(line("Forecast", placed(series.forecast, history), "model", 2.4));
    if (series.overridden && isKnown(series.overridden)) {
      lines.push(line("Override", placed(series.overridden, history), "override", 0, null, { points: true }));
      lines.push({ name: "Before", colour: "override", legendOnly: true, dash: [1, 3],
        read: (at) => formatUnits(at < history ? null : series.before[at - history]) });
    }
    if (isKnown(p10)) {
      lines.push({ name: "p10 to p90", colour: "band", swatchWidth: 10, legendOnly: true,
        read: (at) => (p10[at] === null ? "–" : formatUnits(p10[at]) + " to " + formatUnits(p90[at])) });
    }
    if (faint.length) {
      lines.push({ name: "Backtest", colour: "backtest", swatchWidth: 1.5, legendOnly: true, silent: true });
    }
    return { title: "Units", x: seconds, lines, band: [1, 2], height: 300, least: 1, format: formatUnits,
      describe: (at) => formatMonth(data.months[at]), startAt: history, events: eventsOf(series.events || []),
      markAt: seconds[history - 1], markText: "last closed month " + formatMonth(data.months[history - 1]),
      axisSize: 72, ...monthAxis() };
  }

  function lags(series, names) {
    const looks = {
      model: ["model", 2.4], published: ["model", 2.4], baseline: ["baseline", 1.8, [6, 4]], naive: ["naive", 1.6, [2, 3]],
    };
    const lines = Object.entries(names).map(([key, name]) =>
      ({ name, values: series[key], colour: looks[key][0], width: looks[key][1], dash: looks[key][2] }));
    return { title: "WAPE", x: series.lag, lines, height: 320, least: 0.01, splits: series.lag, format: formatPercent,
      describe: (at) => "Lag " + series.lag[at], label: String, axisSize: 48,
      axisFormat: (value) => Math.round(value * 100) + "%" };
  }

  return { demand, lags };
}
