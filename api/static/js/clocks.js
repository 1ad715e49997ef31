// Running clocks: what the server wrote goes on by itself, by the server's clock. Without a script the times stay.
"use strict";
const sunlitClock = {
  // How far the server's clock is ahead of this machine's (ms), as far as a page's way lets us know.
  ahead: null,
  set: function (iso) {
    const ahead = Date.parse(iso) - Date.now();
    // What was longer under way looks further behind: the largest is the nearest.
    if (this.ahead === null || ahead > this.ahead || Math.abs(ahead - this.ahead) > 5000) this.ahead = ahead;
  },
  now: function () { return Date.now() + (this.ahead || 0); },
};
(function () {
  function two(n) { return String(n).padStart(2, "0"); }
  function text(seconds) {
    const s = Math.max(0, Math.floor(seconds)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? h + ":" + two(m) + ":" + two(s % 60) : two(m) + ":" + two(s % 60);
  }
  function put(e, words) { if (e.textContent !== words) e.textContent = words; }
  function tick() {
    const now = sunlitClock.now();
    document.querySelectorAll("[data-since]").forEach(function (e) { put(e, text((now - Date.parse(e.dataset.since)) / 1000)); });
    document.querySelectorAll("[data-until]").forEach(function (e) {
      const left = (Date.parse(e.dataset.until) - now) / 1000;
      put(e, left < 0 ? "−" + text(-left) : text(left));
      e.classList.toggle("overdue", left < 0);
    });
    document.querySelectorAll("progress[data-from]").forEach(function (e) {
      const from = Date.parse(e.dataset.from), to = Date.parse(e.dataset.to);
      e.value = Math.min(1, Math.max(0, (now - from) / Math.max(1, to - from)));
      e.classList.toggle("hot", e.value > .8);
    });
  }
  const bar = document.querySelector("[data-now]");
  if (bar) sunlitClock.set(bar.dataset.now);
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);
  document.addEventListener("sunlit:drawn", tick);
})();
