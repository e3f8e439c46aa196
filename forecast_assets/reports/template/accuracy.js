// The table of accuracy by SKU: search, filter and sort. A row leads to the SKU's detail.
"use strict";
function accuracyTable(openSku) {
  const byId = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll("#sku-table tbody tr")];
  const allText = byId("sku-count").textContent;
  const cellText = (line, column) => line.cells[column].textContent.trim();

  function filterRows() {
    const words = byId("sku-search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const onlyBaseline = byId("only-baseline-won").checked;
    let shown = 0;
    rows.forEach((line) => {
      const text = [0, 1, 2].map((column) => cellText(line, column)).join(" ").toLowerCase();
      const isWon = !onlyBaseline || line.classList.contains("baseline-won");
      const fits = isWon && words.every((word) => text.includes(word));
      line.hidden = !fits;
      shown += fits;
    });
    byId("sku-count").textContent = shown === rows.length ? allText : shown + " of " + rows.length + " SKUs";
  }

  // Rows without a number stay at the end in both directions.
  function sortRows(header) {
    const column = header.cellIndex;
    const isNumber = header.classList.contains("number");
    const before = header.getAttribute("aria-sort");
    const ascending = before === "none" ? !isNumber : before !== "ascending";
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

  const shares = rows.map((line) => Number(line.querySelector(".share").dataset.v));
  const largest = Math.max(...shares);
  rows.forEach((line, at) => {
    if (shares[at] > 0) line.querySelector(".share").style.setProperty("--part", (100 * shares[at]) / largest + "%");
  });
  document.querySelectorAll("#sku-table thead button").forEach((button) =>
    button.addEventListener("click", () => sortRows(button.parentNode)));
  document.querySelector("#sku-table tbody").addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    if (!line || event.ctrlKey || event.metaKey || String(window.getSelection())) return;
    event.preventDefault();
    openSku(Number(line.dataset.sku));
  });
  byId("sku-search").addEventListener("input", filterRows);
  byId("only-baseline-won").addEventListener("change", filterRows);
}
