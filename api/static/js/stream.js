// The line to the centre: events become events of the page. Without a sign of life for five seconds the page covers
// itself, says since when, and rings; judged by the times of messages, so that a sleeping tab does not look calm.
"use strict";
(function () {
  const LIMIT = 5000, AGAIN = 3000, RETRY = 2000, bar = document.getElementById("bar");
  if (!bar || !bar.dataset.stream) return;
  const link = document.getElementById("link"), since = document.getElementById("since"), cover = document.querySelector(".cover");
  let beat = Date.now(), blind = false, source = null, last = "", ended = false, lost = 0;
  function tell(kind, detail) { document.dispatchEvent(new CustomEvent("sunlit:" + kind, { detail: detail })); }
  function data(e) { if (e.lastEventId) last = e.lastEventId; return JSON.parse(e.data); }
  function connect() {
    const address = new URL(bar.dataset.stream, location.href);
    if (last) { address.searchParams.set("after", last); address.searchParams.set("away", "1"); }
    if (bar.dataset.version) address.searchParams.set("v", bar.dataset.version);
    source = new EventSource(address);
    source.addEventListener("beat", function (e) { beat = Date.now(); sunlitClock.set(data(e).at); check(); });
    ["entry", "board", "change", "caught-up"].forEach(function (kind) { source.addEventListener(kind, function (e) { tell(kind, data(e)); }); });
    source.addEventListener("ended", function () { source.close(); ask(true); });
    source.onerror = function () {
      const broken = source.readyState !== EventSource.CLOSED;
      // The browser would ask with the address of the beginning, and so for what leads from a board that is gone.
      source.close();
      if (broken) setTimeout(connect, RETRY); else ask(false);
    };
  }
  // Where the answer is no stream, or no longer one: the centre restarts, nobody is signed in any more, or somebody with
  // another token or other rights is; whose page this was then begins anew.
  function ask(anew) {
    fetch(bar.dataset.stream.split("?")[0].replace(/stream$/, "still"), { redirect: "manual", cache: "no-store" })
      .then(function (answer) {
        ended = answer.status === 401 || answer.status === 404 || answer.type === "opaqueredirect";
        if (answer.ok && anew) location.reload();
      }, function () {})
      .finally(function () { setTimeout(connect, AGAIN); });
  }
  // A change of a board that does not stand here: the whole of it is asked for.
  document.addEventListener("sunlit:astray", function () { source.close(); bar.dataset.version = "none"; connect(); });
  // A part of a page that cannot be fetched shows what was.
  ["responseError", "sendError"].forEach(function (kind) { document.addEventListener("htmx:" + kind, function () { lost = lost || Date.now(); }); });
  document.addEventListener("htmx:afterSwap", function () { lost = 0; check(); });
  function check() {
    const age = Date.now() - beat, now = age > LIMIT || (lost > 0 && Date.now() - lost > LIMIT);
    if (now && !blind) { since.textContent = new Date(Math.min(beat, lost || beat) + (sunlitClock.ahead || 0)).toLocaleTimeString("en-GB"); sunlitBell.ring(4); }
    // Who has signed in again meanwhile has another token for the forms.
    if (blind && !now && ended) location.reload();
    blind = now;
    document.body.classList.toggle("blind", blind);
    document.getElementById("cover-login").hidden = !ended;
    if (ended) document.getElementById("cover-do").textContent = cover.dataset.signedOut;
    const words = blind ? link.dataset.blind : link.dataset.label + " " + (age / 1000).toFixed(1) + " s";
    if (link.textContent !== words) link.textContent = words;
    link.classList.toggle("lost", blind);
  }
  connect();
  setInterval(check, 500);
  setInterval(function () { if (blind) sunlitBell.ring(2); }, 6000);
  // Timers of a hidden tab sleep: whoever comes back sees at once whether it is blind.
  ["visibilitychange", "pageshow", "focus"].forEach(function (kind) { (kind === "visibilitychange" ? document : window).addEventListener(kind, check); });
})();
