// Tables made from series: by year and month, by target month, and realised accuracy by lag.
"use strict";
function seriesTables(data) {
  const { MONTH_NAMES, formatUnits, formatPercent, formatChange, formatMonth, element, row, heading } = pageText;
  const history = data.history_months;

  function headed(titles, caption, body, className) {
    const table = element("table", undefined, className);
    const head = element("thead");
    head.append(row(titles.map((name) => heading(name, "col"))));
    table.append(element("caption", caption), head, body);
    return table;
  }

  // A line per year, a column per month: actuals, then the forecast on a tinted ground.
  function years(series, caption) {
    const values = [...series.history, ...series.forecast];
    const body = element("tbody");
    [...new Set(data.months.map((month) => month.slice(0, 4)))].forEach((year) => {
      const cells = [heading(year, "row")];
      let total = 0, known = 0, ahead = false;
      for (let month = 1; month <= 12; month += 1) {
        const at = data.months.indexOf(year + "-" + String(month).padStart(2, "0"));
        const value = at < 0 || values[at] === undefined ? null : values[at];
        const isForecast = at >= history;
        if (value !== null) { total += value; known += 1; ahead = ahead || isForecast; }
        cells.push(element("td", at < 0 ? "" : formatUnits(value), isForecast ? "ahead" : ""));
      }
      cells.push(element("td", known === 12 ? formatUnits(total) : "", ahead && known === 12 ? "total ahead" : "total"));
      if (known) body.append(row(cells));
    });
    return headed(["Year", ...MONTH_NAMES, "Total"], caption, body, "years");
  }

  // `choose(index)` shows the reasons of a target month; without it months are plain text.
  function byMonth(series, choose) {
    const body = element("tbody");
    const all = [...series.history, ...series.forecast];
    series.forecast.forEach((value, index) => {
      if (value === null) return;
      const month = formatMonth(data.months[history + index]);
      const then = history + index >= 12 ? all[history + index - 12] : null;
      const name = heading(choose ? undefined : month, "row");
      if (choose) {
        const button = Object.assign(element("button", month), { type: "button", onclick: () => choose(index) });
        button.setAttribute("aria-pressed", "false");
        name.append(button);
      }
      const lead = element("td", formatUnits(value), "lead");
      const before = series.before ? series.before[index] : null;
      const isOverridden = Boolean(series.overridden) && series.overridden[index] !== null;
      if (isOverridden) lead.append(element("span", "Override" + (before === null ? "" : ", was " + formatUnits(before)), "was"));
      const numbers = [series.p10[index], series.p90[index], series.baseline[index], series.last[index], then];
      const line = row([name, lead, ...numbers.map((number) => element("td", formatUnits(number))),
        element("td", then ? formatChange(value / then - 1) : "–")]);
      if (isOverridden) line.className = "overridden";
      body.append(line);
    });
    const titles = ["Month", "Forecast", "p10", "p90", "H\u2011W", "Last month's", "Year before", "Change"];
    return headed(titles, "Forecast by month", body, "by-month");
  }

  // Rows of [lag, forecasts, WAPE, bias, WAPE of Holt-Winters, bias of Holt-Winters].
  function realised(rows) {
    const body = element("tbody");
    rows.forEach(([lag, cells, wape, bias, other]) => {
      const isWorse = wape !== null && other !== null && other < wape;
      body.append(row([heading(String(lag), "row"), element("td", formatUnits(cells)),
        element("td", formatPercent(wape), isWorse ? "worse" : "lead"), element("td", formatPercent(other)),
        element("td", formatChange(bias))]));
    });
    return headed(["Lag", "Forecasts", "WAPE", "H\u2011W", "Bias"], "Realised accuracy by lag", body, "realised");
  }

  return { years, byMonth, realised };
}
