// Drawing of the market report's charts and writing of its numbers, over uPlot. Knows nothing of SKUs or of the page:
// `report.js` says what to draw.
"use strict";
const reportCharts = (() => {
  const COLOURS = {
    ink: "#1d2733", grid: "#e7ebf0", muted: "#586474", model: "#1f5fbf", faint: "rgba(31,95,191,0.38)",
    band: "rgba(31,95,191,0.14)", baseline: "#c46200", naive: "#6d7887",
  };
  const LEGEND_HEIGHT = 46;
  const plots = new Map();

  // Same rules as number_format.py.
  function formatUnits(value) {
    if (value === null || value === undefined) return "–";
    const decimals = Math.abs(value) >= 10 || Number.isInteger(value) ? 0 : 1;
    const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (fraction ? "." + fraction : "");
    return value < 0 && /[1-9]/.test(grouped) ? "\u2212" + grouped : grouped;
  }
  const formatPercent = (value) => (value === null || value === undefined ? "–" : (value * 100).toFixed(1) + "%");
  function formatChange(value) {
    const text = (Math.abs(value) * 100).toFixed(1) + "%";
    return (text === "0.0%" ? "" : value < 0 ? "\u2212" : "+") + text;
  }

  function element(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  }

  function swatch(line) {
    const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const stroke = document.createElementNS("http://www.w3.org/2000/svg", "line");
    box.setAttribute("width", 22);
    box.setAttribute("height", 10);
    box.setAttribute("aria-hidden", "true");
    const attributes = { x1: 0, x2: 22, y1: 5, y2: 5, stroke: line.colour, "stroke-width": line.swatchWidth || 2.5 };
    if (line.dash) attributes["stroke-dasharray"] = line.dash.join(" ");
    Object.entries(attributes).forEach(([name, value]) => stroke.setAttribute(name, value));
    box.append(stroke);
    return box;
  }

  // What stands at the cursor, or the names alone. `spec.describe(index)` says what stands at x, `format` writes a y value. Lines without a name have no legend entry.
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
    legend.replaceChildren(element("span", at === null ? spec.title : spec.describe(at), "month"), ...entries);
  }

  function drawMark(plot, spec) {
    if (spec.markAt === undefined) return;
    const x = Math.round(plot.valToPos(spec.markAt, "x", true));
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = COLOURS.muted;
    ctx.fillStyle = COLOURS.muted;
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

  function axis(extra) {
    return Object.assign({
      stroke: COLOURS.muted, font: "12px system-ui, sans-serif",
      grid: { stroke: COLOURS.grid, width: 1 }, ticks: { stroke: COLOURS.grid, width: 1, size: 4 },
    }, extra);
  }

  function plotOptions(container, spec, width) {
    const sparse = (line) => line.values.filter((value) => value !== null).length < 3;
    const drawn = spec.lines.filter((line) => !line.legendOnly);
    return {
      width, height: spec.height, padding: [8, 28, 0, 0], legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false },
        y: { range: (plot, low, high) => [Math.min(0, (low || 0) * 1.05), Math.max(high || 0, spec.least) * 1.06] },
      },
      axes: [
        axis({ splits: () => spec.splits, values: (plot, splits) => splits.map(spec.label), size: 28 }),
        axis({ values: (plot, splits) => splits.map(spec.axisFormat || spec.format), size: spec.axisSize }),
      ],
      series: [{}].concat(drawn.map((line) => ({
        stroke: line.colour, width: line.width, dash: line.dash, points: { show: sparse(line) && line.width > 0, size: 6 },
      }))),
      bands: spec.band ? [{ series: spec.band, fill: COLOURS.band }] : [],
      hooks: {
        draw: [(plot) => drawMark(plot, spec)],
        setCursor: [(plot) => drawLegend(container, spec, plot.cursor.idx)],
      },
    };
  }

  // spec: `x`; `lines` (name, values, colour, width, dash; legendOnly with read(index), or silent); `band` (upper and lower
  // line, counted from 1); `splits` and `label` of the x axis; `format` of values, `axisFormat` where the axis differs;
  // `least`: the lowest upper end of the y axis; `markAt`, `markText`: a vertical mark.
  function drawChart(id, spec) {
    const container = document.getElementById(id);
    if (!container) return;
    const before = plots.get(id);
    if (before) before.destroy();
    container.replaceChildren(element("div", undefined, "legend"));
    container.style.minHeight = spec.height + LEGEND_HEIGHT + "px"; // uPlot takes its size later: scrolling needs it now
    drawLegend(container, spec, null);
    const values = spec.lines.filter((line) => !line.legendOnly).map((line) => line.values);
    const plot = new uPlot(plotOptions(container, spec, container.clientWidth), [spec.x, ...values], container);
    plots.set(id, plot);
  }

  // To the width of their containers, or to `width` pixels, which paper needs.
  function resizeCharts(width) {
    plots.forEach((plot, id) => {
      plot.setSize({ width: width || document.getElementById(id).clientWidth, height: plot.height });
    });
  }

  return { COLOURS, element, formatUnits, formatPercent, formatChange, drawChart, resizeCharts };
})();
