// Behaviour of the market report: charts, the SKU table's search and sorting, the chosen SKU and its address.
// Reads the embedded JSON (see chart_series.py); writes names only as text, never as markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const byId = (id) => document.getElementById(id);
  const MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const { COLOURS, element, formatUnits, formatPercent, formatChange, drawChart, resizeCharts } = reportCharts;
  const PRINT_WIDTH = 660;
  const seconds = data.months.map((month) => Date.parse(month + "-01T00:00:00Z") / 1000);
  const history = data.history_months;

  const formatMonth = (index) =>
    MONTH_NAMES[Number(data.months[index].slice(5)) - 1] + " " + data.months[index].slice(0, 4);

  function row(cells) {
    const line = element("tr");
    line.append(...cells);
    return line;
  }

  // Values over all months: `values` starts at month `first`, null elsewhere.
  function placed(values, first) {
    const line = new Array(data.months.length).fill(null);
    values.forEach((value, index) => { if (first + index < line.length) line[first + index] = value; });
    return line;
  }

  // ---- what the charts show -------------------------------------------------------------------------------------

  // History, backtests and forecast of the market or of one SKU. p90 and p10 come first: the band lies behind.
  function demandSpec(series, height) {
    const line = (name, values, colour, width, dash) => ({ name, values, colour, width, dash });
    const p10 = placed(series.p10, history);
    const p90 = placed(series.p90, history);
    const faint = series.backtest.map((origin) => line(null, placed(origin.model, origin.first_month), COLOURS.faint, 1.2));
    const lines = [
      line(null, p90, "transparent", 0), line(null, p10, "transparent", 0), ...faint,
      line("Actual", placed(series.history, 0), COLOURS.ink, 1.8),
      line("Forecast", placed(series.forecast, history), COLOURS.model, 2.4),
      { name: "p10 to p90", colour: COLOURS.band, swatchWidth: 10, legendOnly: true,
        read: (at) => (p10[at] === null ? "–" : formatUnits(p10[at]) + " to " + formatUnits(p90[at])) },
      line("Holt-Winters", placed(series.baseline, history), COLOURS.baseline, 1.8, [6, 4]),
    ];
    if (faint.length) {
      lines.push({ name: "Backtest forecasts", colour: COLOURS.faint, swatchWidth: 1.5, legendOnly: true, silent: true });
    }
    return { title: "Units", x: seconds, lines, band: [1, 2], height, least: 1, format: formatUnits, describe: formatMonth,
      markAt: seconds[history - 1], markText: "last closed month " + formatMonth(history - 1), axisSize: 72, ...monthAxis() };
  }

  // Years, or quarters where the page shows three years or less.
  function monthAxis() {
    const step = data.months.length > 36 ? 12 : 3;
    const indexes = data.months.map((month, index) => index).filter((index) => (Number(data.months[index].slice(5)) - 1) % step === 0);
    const label = (value) => (step === 12 ? formatMonth(seconds.indexOf(value)).slice(4) : formatMonth(seconds.indexOf(value)));
    return { splits: indexes.map((index) => seconds[index]), label };
  }

  function drawLagChart(id, series, names) {
    if (!series.lag.length) return;
    const looks = {
      model: [COLOURS.model, 2.4], published: [COLOURS.model, 2.4],
      baseline: [COLOURS.baseline, 1.8, [6, 4]], naive: [COLOURS.naive, 1.6, [2, 3]],
    };
    const lines = Object.entries(names).map(([key, name]) =>
      ({ name, values: series[key], colour: looks[key][0], width: looks[key][1], dash: looks[key][2] }));
    drawChart(id, {
      title: "WAPE", x: series.lag, lines, height: 320, least: 0.01, splits: series.lag, format: formatPercent,
      describe: (at) => "Lag " + series.lag[at], label: String, axisSize: 48,
      axisFormat: (value) => Math.round(value * 100) + "%",
    });
  }

  // ---- tables made from the series ------------------------------------------------------------------------------

  // A line per year, a column per month: actuals, then the forecast on a tinted ground.
  function yearTable(target, series, caption) {
    const values = [...series.history, ...series.forecast];
    const table = element("table", undefined, "years");
    const head = element("thead");
    const titles = ["Year", ...MONTH_NAMES, "Total"].map((name) => Object.assign(element("th", name), { scope: "col" }));
    head.append(row(titles));
    const body = element("tbody");
    const years = [...new Set(data.months.map((month) => month.slice(0, 4)))];
    years.forEach((year) => {
      const cells = [Object.assign(element("th", year), { scope: "row" })];
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
    table.append(element("caption", caption), head, body);
    target.replaceChildren(table);
  }

  function monthTable(target, series, publication) {
    const table = element("table");
    const head = element("thead");
    const titles = ["Month", "Forecast", "p10", "p90", "H‑W", "Year before", "Change"];
    head.append(row(titles.map((name) => Object.assign(element("th", name), { scope: "col" }))));
    const body = element("tbody");
    const all = [...series.history, ...series.forecast];
    series.forecast.forEach((value, index) => {
      if (value === null) return;
      const before = history + index >= 12 ? all[history + index - 12] : null;
      const change = before ? formatChange(value / before - 1) : "–";
      const numbers = [series.p10[index], series.p90[index], series.baseline[index], before].map((n) => element("td", formatUnits(n)));
      body.append(row([Object.assign(element("th", formatMonth(history + index)), { scope: "row" }),
        element("td", formatUnits(value), "lead"), ...numbers, element("td", change)]));
    });
    table.append(element("caption", "Forecast by month"), head, body);
    target.replaceChildren(table, ...publicationNotes(series, publication));
  }

  // Why these numbers: one note per status, source and reason, with its months where there are several.
  function publicationNotes(series, publication) {
    const months = new Map();
    publication.forEach((number, index) => {
      if (number !== null) months.set(number, [...(months.get(number) || []), history + index]);
    });
    return [...months].map(([number, indexes]) => {
      const [status, source, reason] = data.publications[number];
      const span = formatMonth(indexes[0]) + (indexes.length > 1 ? " to " + formatMonth(indexes.at(-1)) : "");
      const which = months.size > 1 ? ` (${indexes.length} month${indexes.length > 1 ? "s" : ""}, ${span})` : "";
      return element("p", `${status}, from ${source}${reason ? ": " + reason : ""}${which}`, "muted note");
    });
  }

  // ---- SKUs -----------------------------------------------------------------------------------------------------

  const rows = [...document.querySelectorAll("#sku-table tbody tr")];
  const cellText = (line, column) => line.cells[column].textContent.trim();

  function skuSeries(index) {
    const series = {};
    ["history", "forecast", "p10", "p90", "baseline", "model"].forEach((name) => { series[name] = data.by_sku[name][index]; });
    series.backtest = data.by_sku.backtest.map((origin) => ({ first_month: origin.first_month, model: origin.model[index] }));
    return series;
  }

  function showSku(index) {
    const line = rows.find((candidate) => Number(candidate.dataset.sku) === index);
    if (!line) return;
    rows.forEach((other) => other.classList.toggle("chosen", other === line));
    byId("sku-detail").hidden = false;
    byId("detail-title").textContent = data.skus[index];
    const facts = [cellText(line, 1), "class " + cellText(line, 2)];
    [[3, "last 12 months"], [4, "next 12 months"], [5, "change"], [6, "WAPE model"], [7, "Holt-Winters"], [8, "bias model"]]
      .forEach(([column, name]) => facts.push(name + " ", element("b", cellText(line, column))));
    byId("detail-facts").replaceChildren(...facts.flatMap((part, at) =>
      (typeof part === "string" && at > 0 ? [" · ", part] : [part])));
    const series = skuSeries(index);
    byId("sku-chart").setAttribute("aria-label", "Monthly units of " + data.skus[index] + "; the numbers are in the tables");
    drawChart("sku-chart", demandSpec(series, 400));
    yearTable(byId("sku-years"), series, "By year and month");
    monthTable(byId("sku-months"), series, data.by_sku.publication[index]);
  }

  function chooseSku(index) {
    window.history.replaceState(null, "", "#sku=" + encodeURIComponent(data.skus[index]));
    showSku(index);
    byId("sku-chart").scrollIntoView({ block: "nearest", behavior: "instant" }); // the table stays in view as far as it fits
  }

  function skuOfAddress() {
    const match = /^#sku=(.*)$/s.exec(window.location.hash);
    try {
      return match ? data.skus.indexOf(decodeURIComponent(match[1])) : -1;
    } catch (error) {
      if (error instanceof URIError) return -1; // an address cut off in a mail
      throw error;
    }
  }

  function followAddress() {
    const index = skuOfAddress();
    if (index < 0) return;
    showSku(index);
    byId("sku-detail").scrollIntoView({ behavior: "instant" });
  }

  function filterRows() {
    const words = byId("sku-search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const onlyBaseline = byId("only-baseline-won").checked;
    let shown = 0;
    rows.forEach((line) => {
      const text = [0, 1, 2].map((column) => cellText(line, column)).join(" ").toLowerCase();
      const fits = words.every((word) => text.includes(word)) && (!onlyBaseline || line.classList.contains("baseline-won"));
      line.hidden = !fits;
      shown += fits;
    });
    byId("sku-count").textContent = shown === rows.length ? rows.length + " SKUs" : shown + " of " + rows.length + " SKUs";
  }

  // Rows without a number stay at the end in both directions.
  function sortRows(header) {
    const column = header.cellIndex;
    const isNumber = header.classList.contains("number");
    const ascending = header.getAttribute("aria-sort") === "none" ? !isNumber : header.getAttribute("aria-sort") !== "ascending";
    header.parentNode.querySelectorAll("th").forEach((other) => other.setAttribute("aria-sort", "none"));
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const key = (line) => (isNumber ? line.cells[column].dataset.v : cellText(line, column));
    const direction = ascending ? 1 : -1;
    const compare = isNumber ? (a, b) => a - b : (a, b) => a.localeCompare(b, "en", { numeric: true });
    rows.sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === "" || b === "") return (a === "") - (b === "");
      return direction * compare(a, b);
    });
    document.querySelector("#sku-table tbody").append(...rows);
  }

  function moveChoice(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = event.target.closest("tr");
    if (!step || !line) return;
    event.preventDefault();
    const shown = rows.filter((candidate) => !candidate.hidden);
    const next = shown[shown.indexOf(line) + step];
    if (!next) return;
    next.querySelector("a").focus();
    chooseSku(Number(next.dataset.sku));
  }

  function shadeShares() {
    const shares = rows.map((line) => Number(line.querySelector(".share").dataset.v));
    const largest = Math.max(...shares);
    rows.forEach((line, at) => {
      if (shares[at] > 0) line.querySelector(".share").style.setProperty("--share", (100 * shares[at]) / largest + "%");
    });
  }

  function listen() {
    const body = document.querySelector("#sku-table tbody");
    body.addEventListener("click", (event) => {
      const line = event.target.closest("tr");
      if (!line || event.ctrlKey || event.metaKey || String(window.getSelection())) return;
      event.preventDefault();
      chooseSku(Number(line.dataset.sku));
    });
    body.addEventListener("keydown", moveChoice);
    document.querySelectorAll("#sku-table thead button").forEach((button) =>
      button.addEventListener("click", () => sortRows(button.parentNode)));
    byId("sku-search").addEventListener("input", filterRows);
    byId("only-baseline-won").addEventListener("change", filterRows);
    window.addEventListener("hashchange", followAddress);
    window.addEventListener("resize", () => resizeCharts());
    window.addEventListener("beforeprint", () => resizeCharts(PRINT_WIDTH));
    window.addEventListener("afterprint", () => resizeCharts());
  }

  drawChart("market-chart", demandSpec(data.market, 340));
  yearTable(byId("market-years"), data.market, "Market total by year and month");
  drawLagChart("lag-chart", data.lags, { model: "Model", baseline: "Holt-Winters", naive: "Seasonal naive" });
  drawLagChart("realised-lag-chart", data.realised_lags, { published: "Published", baseline: "Holt-Winters", naive: "Seasonal naive" });
  shadeShares();
  if (rows.length) showSku(0);
  listen();
  followAddress();
})();
