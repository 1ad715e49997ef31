// Running clocks: what the server wrote goes on by itself. Without a script the times of the page's making stay.
"use strict";
(function () {
  function two(n) { return String(n).padStart(2, "0"); }
  function text(seconds) {
    const s = Math.max(0, Math.floor(seconds)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? h + ":" + two(m) + ":" + two(s % 60) : two(m) + ":" + two(s % 60);
  }
  function tick() {
    const now = Date.now();
    document.querySelectorAll("[data-since]").forEach(function (e) { e.textContent = text((now - Date.parse(e.dataset.since)) / 1000); });
    document.querySelectorAll("[data-until]").forEach(function (e) { e.textContent = text((Date.parse(e.dataset.until) - now) / 1000); });
    document.querySelectorAll("progress[data-from]").forEach(function (e) {
      const from = Date.parse(e.dataset.from), to = Date.parse(e.dataset.to);
      e.value = Math.min(1, Math.max(0, (now - from) / Math.max(1, to - from)));
      e.classList.toggle("hot", e.value > .8);
    });
  }
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);
})();
