// The detail of what is chosen: chart, months, reasons, accuracy, and how to change the number.
"use strict";
function detailView(data) {
  const { formatUnits, formatSigned, formatChange, formatMonth, element } = pageText;
  const byId = (id) => document.getElementById(id);
  const specs = chartSpecs(data), tables = seriesTables(data);
  const history = data.history_months;
  const NAMES = ["history", "forecast", "p10", "p90", "baseline", "model", "last"];
  const EVENT_NOTES = {
    launch: "L launch", end: "E end", promotion: "P promotion", price: "€ change of price by 5% or more", mark: "! marked month",
  };

  function ofSku(index) {
    const series = Object.fromEntries(NAMES.map((name) => [name, data.by_sku[name][index]]));
    series.backtest = data.by_sku.backtest.map((line) => ({ first_month: line.first_month, model: line.model[index] }));
    series.before = data.facts.before[index];
    series.overridden = data.by_sku.publication[index].map((number, at) =>
      (number !== null && data.publications[number][1] === "override" ? series.forecast[at] : null));
    series.events = data.facts.events[index];
    return series;
  }
  const ofCategory = (index) => Object.fromEntries(NAMES.map((name) => [name, data.by_category[name][index]]));

  // Published status, source and reason, with its months where there are several.
  function publicationNotes(index) {
    const months = new Map();
    data.by_sku.publication[index].forEach((number, at) => {
      if (number !== null) months.set(number, [...(months.get(number) || []), data.months[history + at]]);
    });
    return [...months].map(([number, names]) => {
      const [status, source, reason] = data.publications[number];
      const span = formatMonth(names[0]) + (names.length > 1 ? " to " + formatMonth(names.at(-1)) : "");
      const which = months.size > 1 ? ` (${span})` : "";
      return element("p", `${status}, from ${source}${reason ? ": " + reason : ""}${which}`, "muted note");
    });
  }

  function showReasons(index, at) {
    byId("detail-months").querySelectorAll("tbody tr").forEach((line) => {
      const button = line.querySelector("button");
      const isChosen = button && button.textContent === formatMonth(data.months[history + at]);
      line.classList.toggle("chosen", Boolean(isChosen));
      if (button) button.setAttribute("aria-pressed", String(Boolean(isChosen)));
    });
    byId("why-title").textContent = "Why this number? " + formatMonth(data.months[history + at]);
    const reasons = data.facts.reasons[index][at];
    const items = reasons.map(([text]) => element("li", text));
    byId("why-list").replaceChildren(...(items.length ? items : [element("li", "No reasons are stored for this month.", "muted")]));
  }

  function drawSeries(series, caption) {
    byId("detail-chart").setAttribute("aria-label", "Monthly units: " + caption + ". Arrow keys read the months.");
    reportCharts.drawChart("detail-chart", specs.demand(series));
    const table = tables.years(series, caption + ", by year and month");
    byId("detail-years").replaceChildren(table);
  }

  function facts(parts) {
    const nodes = parts.filter(([, value]) => value !== "–").flatMap(([name, value], at) =>
      [(at ? " · " : "") + name + " ", element("b", value)]);
    byId("detail-facts").replaceChildren(...nodes);
  }

  // Changes of the next three months against the reference and last year.
  function reviewFacts(sums) {
    const change = sums.reference === null ? null : sums.units - sums.reference;
    return [["next 3 months", formatUnits(sums.units)],
      ["against " + (sums.isLast ? "last month's forecast" : "the reference"), formatSigned(change)],
      ["", sums.reference ? formatChange(sums.units / sums.reference - 1) : "–"],
      ["last year", formatUnits(sums.last_year)]];
  }

  function showTotal(title, series, sums, note) {
    byId("detail-title").textContent = title;
    facts(reviewFacts(sums));
    byId("detail-reason").textContent = "";
    byId("detail-note").textContent = note;
    drawSeries(series, title);
    byId("detail-months").replaceChildren(tables.byMonth(series));
    byId("why-title").textContent = "";
    byId("why-list").replaceChildren();
    byId("detail-realised").replaceChildren();
    const hint = element("p", "Override of a total: workbook, sheet Totals. It is split over its SKUs.", "muted");
    byId("detail-change").replaceChildren(hint);
  }

  function showSku(index) {
    const series = ofSku(index), review = data.review;
    byId("detail-title").textContent = [data.skus[index], data.names[index]].filter(Boolean).join("  ");
    facts([["", data.categories[data.category_of[index]]], ["class", data.classes[index] || "–"],
      ...(review.units[index] === null ? [] : reviewFacts({
        units: review.units[index], reference: review.reference[index], last_year: review.last_year[index],
        isLast: review.last[index] !== null }))]);
    byId("detail-reason").textContent = review.text[index] || "";
    const letters = [...new Set(series.events.map(([kind]) => EVENT_NOTES[kind]))].join(", ");
    const lines = series.backtest.length ? "Thin lines: forecasts of the backtest, made at earlier origins. " : "";
    byId("detail-note").textContent = lines + (letters ? "Under the lines: " + letters + "." : "");
    drawSeries(series, data.skus[index]);
    byId("detail-months").replaceChildren(tables.byMonth(series, (at) => showReasons(index, at)), ...publicationNotes(index));
    showReasons(index, 0);
    const realised = data.facts.realised[index];
    byId("detail-realised").replaceChildren(realised.length ? tables.realised(realised)
      : element("p", "No forecast of this SKU has met its month yet.", "muted"));
    const hint = element("p", "Override: workbook, sheet Overrides, SKU ");
    hint.append(element("b", data.skus[index]), ", row Yours.");
    byId("detail-change").replaceChildren(hint);
  }

  // target: {kind: "market" | "category" | "sku", index}; `sums` of the next three months for totals.
  function show(target, sums) {
    if (target.kind === "sku") return showSku(target.index);
    const band = "The band is that of the total: errors of SKUs partly cancel, so it is narrower than the sum of their bands.";
    const none = "There is no band: the distribution of the total is not stored for this month.";
    const series = target.kind === "market" ? data.market : ofCategory(target.index);
    const title = target.kind === "market" ? "Market total" : data.categories[target.index];
    return showTotal(title, series, sums, series.p10.some((value) => value !== null) ? band : none);
  }

  return { show };
}
