// The wallboard: where more is open than fits, the rows take turns; the most urgent always stay.
"use strict";
(function () {
  const STAY = 3, EVERY = 8000;
  let turn = 0;
  function show() {
    const box = document.getElementById("wall-rows");
    if (!box) return;
    const rows = Array.from(box.querySelectorAll(".wall-row"));
    rows.forEach(function (row) { row.hidden = false; });
    const foot = document.getElementById("bar").getBoundingClientRect().height + 16;
    const fit = rows.filter(function (row) { return row.getBoundingClientRect().bottom <= innerHeight - foot; }).length;
    if (fit >= rows.length || fit <= STAY) return;
    const moving = rows.length - STAY, places = fit - STAY, first = (turn * places) % moving;
    rows.forEach(function (row, n) {
      const at = (n - STAY - first + moving) % moving;
      row.hidden = n >= STAY && at >= places;
    });
  }
  setInterval(function () { turn += 1; show(); }, EVERY);
  document.addEventListener("htmx:afterSwap", show);
  addEventListener("resize", show);
  show();
})();
