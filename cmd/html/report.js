// SPDX-License-Identifier: Apache-2.0
// Filters of the report. What is chosen stands in the address, so that a link shows the same.
"use strict";
(function () {
  const page = document.documentElement;
  const chosen = { severity: new Set(), pillar: new Set(), status: new Set() };
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const buttons = Array.from(document.querySelectorAll("button[data-filter]"));
  const checks = Array.from(document.querySelectorAll("details.check")).map(function (el) {
    const head = el.querySelector("summary").textContent + " " + el.querySelector(".fix").textContent;
    return {
      el: el,
      items: Array.from(el.querySelectorAll("li")).map(function (li) {
        return { el: li, text: (head + " " + li.textContent).toLowerCase() };
      }),
    };
  });
  const all = shown.textContent;

  // Exempted findings are shown to whoever asks for them.
  function passes(check) {
    if (check.el.dataset.status === "skipped" && !chosen.status.has("skipped")) return false;
    return Object.keys(chosen).every(function (k) {
      return chosen[k].size === 0 || chosen[k].has(check.el.dataset[k]);
    });
  }

  function show(check, words) {
    let n = 0;
    const wanted = passes(check);
    check.items.forEach(function (item) {
      const yes = wanted && words.every(function (w) { return item.text.includes(w); });
      item.el.hidden = !yes;
      n += yes ? 1 : 0;
    });
    check.el.hidden = n === 0;
    check.el.querySelector(".shown-here").textContent = n;
    return n;
  }

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const n = checks.reduce(function (sum, c) { return sum + show(c, words); }, 0);
    const filtered = words.length > 0 || Object.values(chosen).some(function (s) { return s.size > 0; });
    buttons.forEach(function (b) {
      b.setAttribute("aria-pressed", String(chosen[b.dataset.filter].has(b.dataset.value)));
    });
    shown.textContent = filtered ? n + " shown of " + all : all;
    nothing.hidden = !(filtered && n === 0);
    document.getElementById("clear").hidden = !filtered;
    remember();
  }

  function remember() {
    const p = new URLSearchParams();
    Object.keys(chosen).forEach(function (k) {
      if (chosen[k].size) p.set(k, Array.from(chosen[k]).join(","));
    });
    if (search.value) p.set("q", search.value);
    try {
      history.replaceState(null, "", p.size === 0 && !location.hash ? location.href : "#" + p.toString());
    } catch (e) { /* a page without an address of its own */ }
  }

  function recall() {
    const p = new URLSearchParams(location.hash.slice(1));
    Object.keys(chosen).forEach(function (k) {
      chosen[k] = new Set((p.get(k) || "").split(",").filter(Boolean));
    });
    search.value = p.get("q") || "";
    apply();
  }

  buttons.forEach(function (b) {
    b.disabled = false;
    b.addEventListener("click", function () {
      const set = chosen[b.dataset.filter];
      if (!set.delete(b.dataset.value)) set.add(b.dataset.value);
      apply();
    });
  });
  search.addEventListener("input", apply);
  document.getElementById("clear").addEventListener("click", function () {
    Object.values(chosen).forEach(function (s) { s.clear(); });
    search.value = "";
    apply();
  });
  document.getElementById("fold").addEventListener("click", function () {
    const open = checks.some(function (c) { return c.el.open; });
    checks.forEach(function (c) { c.el.open = !open; });
  });
  window.addEventListener("hashchange", recall);
  window.addEventListener("beforeprint", function () {
    checks.forEach(function (c) { c.el.open = true; });
  });
  page.classList.add("js");
  recall();
})();
