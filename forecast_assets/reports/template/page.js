// Start of the page: data, tabs, address, print and colours. The address #sku=... names a SKU, #accuracy the second tab.
"use strict";
(async () => {
  const data = await pageText.readData("report-data");
  const byId = (id) => document.getElementById(id);
  const PRINT_WIDTH = 660;
  const TABS = { "tab-review": "review", "tab-accuracy": "accuracy-tab" };
  const LAG_CHARTS = {
    "lag-chart": [data.lags, { model: "Model", baseline: "Holt-Winters", naive: "Seasonal naive" }],
    "realised-lag-chart": [data.realised_lags,
      { published: "Published", baseline: "Holt-Winters", naive: "Seasonal naive" }],
  };
  const detail = detailView(data), specs = chartSpecs(data);
  const tree = skuTree(data, choose);

  function choose(target) {
    tree.select(target);
    detail.show(target, target.kind === "sku" ? null : tree.sumsOf(target));
    const name = target.kind === "sku" ? "#sku=" + encodeURIComponent(data.skus[target.index]) : " ";
    window.history.replaceState(null, "", name === " " ? window.location.href.split("#")[0] : name);
  }

  function showTab(id) {
    Object.entries(TABS).forEach(([tab, panel]) => {
      const isShown = tab === id;
      byId(tab).setAttribute("aria-selected", String(isShown));
      byId(tab).tabIndex = isShown ? 0 : -1;
      byId(panel).hidden = !isShown;
      byId(panel).classList.remove("waiting");
    });
    if (id === "tab-accuracy") drawLags();
    reportCharts.resizeCharts();
  }
  function drawLags() {
    Object.entries(LAG_CHARTS).forEach(([id, [series, names]]) => {
      if (series.lag.length && !byId(id).firstChild) reportCharts.drawChart(id, specs.lags(series, names));
    });
  }

  function openSku(index) {
    showTab("tab-review");
    choose({ kind: "sku", index });
    byId("skus").scrollIntoView({ behavior: "instant" });
  }

  // Follows an address: a SKU, or a section on either tab.
  function followAddress() {
    const match = /^#sku=(.*)$/s.exec(window.location.hash);
    if (match) {
      let index = -1;
      try {
        index = data.skus.indexOf(decodeURIComponent(match[1]));
      } catch (error) {
        if (!(error instanceof URIError)) throw error; // an address cut off in a mail
      }
      if (index >= 0) openSku(index);
      return;
    }
    const target = byId(window.location.hash.slice(1));
    if (!target) return;
    showTab(byId("accuracy-tab").contains(target) ? "tab-accuracy" : "tab-review");
    target.scrollIntoView({ behavior: "instant" });
  }

  function moveTab(event) {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const ids = Object.keys(TABS);
    const next = ids[(ids.indexOf(event.target.id) + 1) % ids.length];
    showTab(next);
    byId(next).focus();
  }

  function listen() {
    Object.keys(TABS).forEach((id) => {
      byId(id).addEventListener("click", () => showTab(id));
      byId(id).addEventListener("keydown", moveTab);
    });
    byId("exceptions")?.tBodies[0].addEventListener("click", (event) => {
      const line = event.target.closest("tr");
      if (!line || event.ctrlKey || event.metaKey || String(window.getSelection())) return;
      event.preventDefault();
      openSku(data.skus.indexOf(line.dataset.sku));
    });
    window.addEventListener("hashchange", followAddress);
    window.addEventListener("resize", () => reportCharts.resizeCharts());
    window.addEventListener("beforeprint", () => { drawLags(); reportCharts.resizeCharts(PRINT_WIDTH); });
    window.addEventListener("afterprint", () => reportCharts.resizeCharts());
    // Paper and a change between light and dark have other colours.
    ["print", "(prefers-color-scheme: dark)"].forEach((media) =>
      window.matchMedia(media).addEventListener("change", () => reportCharts.redrawCharts()));
  }

  showTab("tab-review");
  detail.show({ kind: "market", index: 0 }, tree.sumsOf({ kind: "market" }));
  accuracyTable(openSku);
  listen();
  followAddress();
  document.documentElement.dataset.ready = "true";
})();
