// Through a queue by keyboard: in a list j and k move between its rows and Enter opens one; on the page of a finding
// j and k lead to its neighbours, v goes to what verifies it and x to what rejects it. A key never judges by itself.
"use strict";
(function () {
  function typing(target) {
    return target.closest("input, select, textarea, [contenteditable]");
  }
  function move(step) {
    const rows = [...document.querySelectorAll("a[data-row]")];
    if (!rows.length) return false;
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(rows.length - 1, Math.max(0, at + step))].focus();
    return true;
  }
  function go(name) {
    const link = document.querySelector("a[data-" + name + "]");
    if (link) link.click();
    return Boolean(link);
  }
  function face(name) {
    const form = document.querySelector("[data-" + name + "]");
    if (!form) return false;
    const box = form.closest("details");
    if (box) box.open = true;
    (form.querySelector("input[required]") || form.querySelector("button")).focus();
    return true;
  }
  const KEYS = {
    j: function () { return go("next") || move(1); },
    k: function () { return go("before") || move(-1); },
    v: function () { return face("verify"); },
    x: function () { return face("reject"); },
  };
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const act = KEYS[event.key];
    if (act && act()) event.preventDefault();
  });
})();
