// Numbers and months as people read them, and elements with text. Names are written as text, never as markup.
"use strict";
const pageText = (() => {
  const MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  // Same rules as number_format.py.
  function formatUnits(value) {
    if (value === null || value === undefined) return "–";
    const decimals = Math.abs(value) >= 10 || Number.isInteger(value) ? 0 : 1;
    const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (fraction ? "." + fraction : "");
    return value < 0 && /[1-9]/.test(grouped) ? "\u2212" + grouped : grouped;
  }
  function formatSigned(value) {
    const text = formatUnits(value);
    return value > 0 && /[1-9]/.test(text) ? "+" + text : text;
  }
  const formatPercent = (value) => (value === null || value === undefined ? "–" : (value * 100).toFixed(1) + "%");
  function formatChange(value) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    const text = (Math.abs(value) * 100).toFixed(1) + "%";
    return (text === "0.0%" ? "" : value < 0 ? "\u2212" : "+") + text;
  }
  // A month given as YYYY-MM.
  const formatMonth = (month) => MONTH_NAMES[Number(month.slice(5)) - 1] + " " + month.slice(0, 4);

  function element(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  }
  function row(cells) {
    const line = element("tr");
    line.append(...cells);
    return line;
  }
  const heading = (text, scope) => Object.assign(element("th", text), { scope });

  // The data of the page: base64 of compressed JSON, see page_data.py.
  async function readData(id) {
    const text = atob(document.getElementById(id).textContent.trim());
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  return {
    MONTH_NAMES, formatUnits, formatSigned, formatPercent, formatChange, formatMonth, element, row, heading, readData,
  };
})();
