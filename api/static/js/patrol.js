// The video patrol: how many cameras are chosen, and the pages of the wall. A tile that is on no page that is shown is
// hidden, so that its player lets its camera go.
"use strict";
(function () {
  const choose = document.getElementById("choose"), wall = document.getElementById("wall");
  if (choose) {
    const count = document.getElementById("count"), most = Number(choose.dataset.most);
    const ticks = Array.from(choose.querySelectorAll(".tick"));
    const tell = function () {
      const n = ticks.filter(function (tick) { return tick.checked; }).length;
      if (count) count.textContent = count.dataset.text.replace("{n}", n);
      for (const tick of ticks) tick.disabled = !tick.checked && n >= most;
      if (ticks.length) ticks[0].setCustomValidity("");
    };
    choose.addEventListener("change", tell);
    tell();
  }
  if (!wall) return;
  const tiles = Array.from(wall.children), place = new URL(location.href), sizes = document.querySelectorAll(".grid-size");
  const label = document.getElementById("patrol-page");
  let size = Number(wall.dataset.grid), page = Number(place.searchParams.get("page")) || 0;
  function pages() { return Math.max(1, Math.ceil(tiles.length / size)); }
  function show() {
    page = (page % pages() + pages()) % pages();
    wall.dataset.grid = size;
    tiles.forEach(function (tile, n) { tile.hidden = Math.floor(n / size) !== page; });
    label.textContent = label.dataset.text.replace("{n}", page + 1).replace("{all}", pages());
    sizes.forEach(function (button) { button.setAttribute("aria-pressed", String(Number(button.dataset.grid) === size)); });
    place.searchParams.set("grid", size);
    place.searchParams.set("page", page);
    history.replaceState(null, "", place);
  }
  function turn(by) { page += by; show(); }
  function resize(to) { page = Math.floor(page * size / to); size = to; show(); }
  document.getElementById("patrol-bar").hidden = false;
  document.getElementById("patrol-before").addEventListener("click", function () { turn(-1); });
  document.getElementById("patrol-next").addEventListener("click", function () { turn(1); });
  sizes.forEach(function (button) { button.addEventListener("click", function () { resize(Number(button.dataset.grid)); }); });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === "ArrowRight" || event.key === "n") turn(1);
    else if (event.key === "ArrowLeft" || event.key === "p") turn(-1);
    else if (["1", "4", "9"].includes(event.key)) resize(Number(event.key));
    else return;
    event.preventDefault();
  });
  show();
})();
