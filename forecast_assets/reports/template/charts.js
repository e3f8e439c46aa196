// Drawing of charts over uPlot, with a legend that reads the values under the cursor, by mouse or arrow keys. Knows
// nothing of SKUs or of the page: `specs.js` states what to draw.
"use strict";
const reportCharts = (() => {
  const { element } = pageText;
  const LEGEND_HEIGHT = 46, EVENT_HEIGHT = 18;
  const plots = new Map();
  // Colours are those of the style sheet, light or dark; read once until they change.
  const colours = new Map();
  function colour(name) {
    if (!colours.has(name)) {
      colours.set(name, getComputedStyle(document.documentElement).getPropertyValue("--chart-" + name).trim());
    }
    return colours.get(name);
  }

  function swatch(line) {
    const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const stroke = document.createElementNS("http://www.w3.org/2000/svg", line.points ? "circle" : "line");
    box.setAttribute("width", 22);
    box.setAttribute("height", 10);
    box.setAttribute("aria-hidden", "true");
    const shape = line.points ? { cx: 11, cy: 5, r: 4 } : { x1: 0, x2: 22, y1: 5, y2: 5 };
    const attributes = { ...shape, stroke: colour(line.colour), "stroke-width": line.swatchWidth || 2.5, fill: "none" };
    if (line.dash) attributes["stroke-dasharray"] = line.dash.join(" ");
    Object.entries(attributes).forEach(([name, value]) => stroke.setAttribute(name, value));
    box.append(stroke);
    return box;
  }

  // The values at the cursor, or the names alone. Lines without a name have no entry.
  function drawLegend(container, spec, index) {
    const legend = container.firstChild;
    const at = index === null || index === undefined ? null : index;
    const entries = spec.lines.filter((line) => line.name).map((line) => {
      const entry = element("span");
      entry.append(swatch(line), line.name);
      if (line.silent) return entry;
      const text = at === null ? "" : line.read ? line.read(at) : spec.format(line.values[at]);
      entry.append(element("b", text, line.read ? "wide" : ""));
      return entry;
    });
    const events = at === null ? [] : (spec.events || []).filter((event) => event.at === at);
    entries.push(...events.map((event) => element("span", event.text, "event")));
    legend.replaceChildren(element("span", at === null ? spec.title : spec.describe(at), "month"), ...entries);
  }

  function drawMark(plot, spec) {
    if (spec.markAt === undefined) return;
    const x = Math.round(plot.valToPos(spec.markAt, "x", true));
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour("muted");
    ctx.lineWidth = devicePixelRatio;
    ctx.font = 12 * devicePixelRatio + "px system-ui, sans-serif";
    const gap = 6 * devicePixelRatio;
    const fitsLeft = x - gap - ctx.measureText(spec.markText).width > bbox.left;
    ctx.textAlign = fitsLeft ? "right" : "left";
    ctx.fillText(spec.markText, fitsLeft ? x - gap : x + gap, bbox.top + 2 * gap);
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }

  // A row of letters above the months: launch, end, promotion, price, marked month.
  function drawEvents(plot, spec) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.font = "600 " + 11 * devicePixelRatio + "px system-ui, sans-serif";
    ctx.textAlign = "center";
    (spec.events || []).forEach((event) => {
      ctx.fillStyle = colour(event.colour);
      const x = plot.valToPos(spec.x[event.at], "x", true);
      ctx.fillText(event.letter, x, bbox.top + bbox.height - (4 + event.row * 12) * devicePixelRatio);
    });
    ctx.restore();
  }

  function axis(extra) {
    return Object.assign({
      stroke: colour("muted"), font: "12px system-ui, sans-serif",
      grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("grid"), width: 1, size: 4 },
    }, extra);
  }

  function seriesOf(line) {
    const isSparse = line.values.filter((value) => value !== null).length < 3;
    const show = Boolean(line.points) || (isSparse && line.width > 0);
    const stroke = line.colour ? colour(line.colour) : "transparent";
    const points = { show, size: line.points ? 9 : 6, stroke, fill: line.points ? "transparent" : undefined, width: 2 };
    return { stroke: line.points ? "transparent" : stroke, width: line.width, dash: line.dash, points };
  }

  function plotOptions(container, spec, width) {
    const drawn = spec.lines.filter((line) => !line.legendOnly);
    const rows = Math.max(0, ...(spec.events || []).map((event) => event.row + 1));
    return {
      width, height: spec.height, padding: [8, 20, 0, 0], legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false },
        y: { range: (plot, low, high) => {
          const top = Math.max(high || 0, spec.least) * 1.06;
          return [Math.min(0, (low || 0) * 1.05) - (rows ? (top * (6 + rows * 12)) / spec.height : 0), top];
        } },
      },
      axes: [
        axis({ splits: () => spec.splits, values: (plot, splits) => splits.map(spec.label), size: 28 }),
        axis({ values: (plot, splits) => splits.map((value) => (value < 0 ? "" : (spec.axisFormat || spec.format)(value))),
          size: spec.axisSize }),
      ],
      series: [{}].concat(drawn.map(seriesOf)),
      bands: spec.band ? [{ series: spec.band, fill: colour("band") }] : [],
      hooks: {
        draw: [(plot) => drawMark(plot, spec), (plot) => drawEvents(plot, spec)],
        setCursor: [(plot) => drawLegend(container, spec, plot.cursor.idx)],
      },
    };
  }

  // Arrow keys move the cursor over the months, Escape leaves it.
  function readByKeys(container, plot, spec) {
    container.tabIndex = 0;
    container.setAttribute("role", "group");
    container.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") return plot.setCursor({ left: -10, top: -10 });
      if (!step) return undefined;
      event.preventDefault();
      const now = plot.cursor.idx === null || plot.cursor.idx === undefined ? (spec.startAt || 0) - step : plot.cursor.idx;
      const next = Math.min(spec.x.length - 1, Math.max(0, now + step));
      return plot.setCursor({ left: plot.valToPos(spec.x[next], "x"), top: 1 });
    };
  }

  // spec: `x`; `lines` (name, values, colour, width, dash, points; legendOnly with read(index), or silent); `band` (upper
  // and lower line, counted from 1); `splits` and `label` of the x axis; `format` of values, `axisFormat` where the axis
  // differs; `least`: the lowest upper end of the y axis; `markAt`, `markText`: a vertical mark; `events`; `startAt`.
  function drawChart(id, spec) {
    const container = document.getElementById(id);
    if (!container) return;
    const before = plots.get(id);
    if (before) before.plot.destroy();
    const legend = element("div", undefined, "legend");
    legend.setAttribute("aria-live", "polite");
    container.replaceChildren(legend);
    container.style.minHeight = spec.height + LEGEND_HEIGHT + "px"; // uPlot takes its size later: scrolling needs it now
    drawLegend(container, spec, null);
    const values = spec.lines.filter((line) => !line.legendOnly).map((line) => line.values);
    const plot = new uPlot(plotOptions(container, spec, container.clientWidth || 600), [spec.x, ...values], container);
    plots.set(id, { plot, spec });
    readByKeys(container, plot, spec);
  }

  // To the width of their containers, or to `width` pixels, which paper needs.
  function resizeCharts(width) {
    plots.forEach(({ plot }, id) => {
      const room = width || document.getElementById(id).clientWidth;
      if (room) plot.setSize({ width: room, height: plot.height });
    });
  }

  // In the colours of now.
  function redrawCharts() {
    colours.clear();
    [...plots].forEach(([id, { spec }]) => drawChart(id, spec));
  }

  return { EVENT_HEIGHT, drawChart, resizeCharts, redrawCharts };
})();
