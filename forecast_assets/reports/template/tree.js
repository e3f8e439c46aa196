// The tree of market, categories and SKUs: search, filter, sort, open and close, choice by mouse and keys.
"use strict";
function skuTree(data, choose) {
  const { formatUnits, formatSigned, formatChange, element } = pageText;
  const body = document.querySelector("#tree tbody");
  const search = document.getElementById("tree-search"), reason = document.getElementById("tree-reason");
  const review = data.review;
  const open = new Set();
  let order = { key: "value", ascending: false };
  let chosen = { kind: "market", index: 0 };
  const texts = data.skus.map((sku, at) =>
    [sku, data.names[at], data.categories[data.category_of[at]]].join(" ").toLowerCase());
  const skusOf = data.categories.map((_, category) =>
    data.skus.map((_, at) => at).filter((at) => data.category_of[at] === category && review.units[at] !== null));

  const isSame = (one, other) => one.kind === other.kind && one.index === other.index;
  const sum = (indexes, name) => indexes.reduce((total, at) => total + (review[name][at] || 0), 0);

  // Sums of the next three months of SKUs; `last_year` counts SKUs whose months are known.
  function sums(indexes) {
    return { units: sum(indexes, "units"), reference: sum(indexes, "reference"), value: sum(indexes, "value"),
      last_year: sum(indexes, "last_year"), isLast: indexes.some((at) => review.last[at] !== null) };
  }
  const sumsOf = (target) => sums(target.kind === "market" ? skusOf.flat() : skusOf[target.index]);

  function sorted(items, valueOf, nameOf) {
    const direction = order.ascending ? 1 : -1;
    const key = order.key === "sku" ? nameOf : valueOf;
    const compare = order.key === "sku" ? (a, b) => a.localeCompare(b, "en", { numeric: true }) : (a, b) => a - b;
    return items.map((item) => [key(item), item]).sort(([a], [b]) => direction * compare(a, b)).map(([, item]) => item);
  }
  const figure = (values) => ({ units: values.units, value: values.value, change: values.units - values.reference })[order.key];
  const ofSku = (at) => ({ units: review.units[at], reference: review.reference[at], value: review.value[at] });

  function line(target, level, name, beside, values, isOpen) {
    const row = element("tr", undefined, target.kind);
    row.tabIndex = isSame(target, chosen) ? 0 : -1;
    row.setAttribute("aria-level", level);
    row.setAttribute("aria-selected", String(isSame(target, chosen)));
    if (isOpen !== undefined) row.setAttribute("aria-expanded", String(isOpen));
    row.target = target;
    const head = Object.assign(element("th", name), { scope: "row" });
    if (beside) head.append(element("span", beside, "name"));
    const change = values.units - values.reference;
    const changed = element("td", formatSigned(change));
    changed.append(element("span", values.reference ? formatChange(change / values.reference) : "–", "beside"));
    row.append(head, element("td", formatUnits(values.units)), changed, element("td", formatUnits(values.value)));
    return row;
  }

  function draw() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isFiltered = words.length > 0 || reason.value !== "";
    const fits = (at) => words.every((word) => texts[at].includes(word)) && (!reason.value || review.reason[at] === reason.value);
    const matching = skusOf.map((indexes) => (isFiltered ? indexes.filter(fits) : indexes));
    const total = skusOf.reduce((count, indexes) => count + indexes.length, 0);
    const rows = [line({ kind: "market", index: 0 }, 1, "Market total", "", sums(skusOf.flat()))];
    let shown = 0;
    const categories = data.categories.map((_, index) => index).filter((index) => matching[index].length);
    sorted(categories, (index) => figure(sums(skusOf[index])), (index) => data.categories[index]).forEach((index) => {
      const isOpen = isFiltered || open.has(index);
      shown += matching[index].length;
      const count = matching[index].length + " SKUs";
      rows.push(line({ kind: "category", index }, 2, data.categories[index], count, sums(skusOf[index]), isOpen));
      if (!isOpen) return;
      sorted(matching[index], (at) => figure(ofSku(at)), (at) => data.skus[at]).forEach((at) =>
        rows.push(line({ kind: "sku", index: at }, 3, data.skus[at], data.names[at], ofSku(at))));
    });
    body.replaceChildren(...rows);
    if (!body.querySelector("[tabindex='0']")) rows[0].tabIndex = 0;
    document.getElementById("tree-count").textContent = isFiltered ? shown + " of " + total + " SKUs" : total + " SKUs";
  }

  function mark() {
    [...body.rows].forEach((row) => {
      const isChosen = isSame(row.target, chosen);
      row.setAttribute("aria-selected", String(isChosen));
      row.tabIndex = isChosen ? 0 : -1;
    });
  }
  const rowOf = (target) => [...body.rows].find((row) => isSame(row.target, target));

  function toggle(index, isOpen) {
    if (isOpen) open.add(index); else open.delete(index);
    draw();
  }

  // Marks a target as chosen; a SKU's category opens, and a search that hides it ends.
  function select(target) {
    chosen = target;
    if (!rowOf(target)) {
      if (target.kind === "sku") open.add(data.category_of[target.index]);
      if (search.value || reason.value) search.value = reason.value = "";
      draw();
    }
    mark();
    const row = rowOf(target);
    if (row) row.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  function moveBy(event) {
    const row = event.target.closest("tr");
    if (!row) return;
    const { kind, index } = row.target;
    const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling,
      Home: body.firstElementChild, End: body.lastElementChild }[event.key];
    if (next) choose(next.target);
    else if (kind === "category" && event.key === "ArrowRight") toggle(index, true);
    else if (kind === "category" && event.key === "ArrowLeft") toggle(index, false);
    else if (kind === "sku" && event.key === "ArrowLeft") choose({ kind: "category", index: data.category_of[index] });
    else if (event.key === "Enter") choose(row.target);
    else return;
    event.preventDefault();
    const focused = rowOf(chosen) || body.rows[0];
    focused.focus();
  }

  function sortBy(header) {
    const key = header.dataset.key;
    order = { key, ascending: order.key === key ? !order.ascending : key === "sku" };
    header.parentNode.querySelectorAll("th").forEach((other) => other.setAttribute("aria-sort", "none"));
    header.setAttribute("aria-sort", order.ascending ? "ascending" : "descending");
    draw();
  }

  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || String(window.getSelection())) return;
    if (row.target.kind === "category") toggle(row.target.index, !open.has(row.target.index));
    choose(row.target);
  });
  body.addEventListener("keydown", moveBy);
  document.querySelectorAll("#tree thead button").forEach((button) =>
    button.addEventListener("click", () => sortBy(button.parentNode)));
  search.addEventListener("input", draw);
  reason.addEventListener("change", draw);
  draw();
  return { select, sumsOf };
}
