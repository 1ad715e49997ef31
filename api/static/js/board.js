// The board is never calm and blind: without a heartbeat for five seconds it covers itself and says since when.
"use strict";
(function () {
  const LIMIT = 5000;
  let beat = Date.now(), blind = false, known = null, muted = localStorage.getItem("sunlit-muted") === "1";
  const link = document.getElementById("link"), sound = document.getElementById("sound"), cover = document.getElementById("since");
  let audio = null;
  function ring(times) {
    if (muted) return;
    try {
      audio = audio || new AudioContext();
      for (let n = 0; n < times; n++) {
        const tone = audio.createOscillator(), gain = audio.createGain();
        tone.frequency.value = n % 2 ? 660 : 880;
        gain.gain.value = .15;
        tone.connect(gain).connect(audio.destination);
        tone.start(audio.currentTime + n * .3);
        tone.stop(audio.currentTime + n * .3 + .22);
      }
    } catch (fault) { /* no sound device: the flash remains */ }
  }
  function numbers() { return Array.from(document.querySelectorAll("[data-incident]"), function (e) { return e.dataset.incident; }); }
  function compare() {
    const now = numbers();
    if (known) {
      const fresh = now.filter(function (n) { return !known.includes(n); });
      fresh.forEach(function (n) { document.querySelector('[data-incident="' + n + '"]').classList.add("new"); });
      if (fresh.length) ring(6);
    }
    known = now;
  }
  // What can be done follows what has happened; but nobody's half-typed words are swept away.
  let typed = false;
  function acts() {
    const story = document.querySelector("[data-state]"), changed = document.getElementById("changed");
    if (!story || !changed) return;
    acts.first = acts.first || story.dataset.state;
    if (acts.first === story.dataset.state) return;
    if (typed) changed.hidden = false;
    else location.reload();
  }
  document.addEventListener("input", function () { typed = true; });
  document.addEventListener("submit", function () { typed = true; });
  // A card that was fetched again is the same card: who stood on it stands on it still.
  let stood = null;
  document.body.addEventListener("htmx:beforeSwap", function () {
    const at = document.activeElement;
    stood = at && at.closest ? at.id || (at.closest("[data-incident]") || {}).id || null : null;
  });
  function stand() {
    const lost = !document.activeElement || document.activeElement === document.body;
    const again = stood && document.getElementById(stood);
    if (lost && again) again.focus({ preventScroll: true });
  }
  function check() {
    const age = Date.now() - beat;
    const now = age > LIMIT;
    if (now && !blind) { cover.textContent = new Date(beat).toLocaleTimeString("en-GB"); ring(4); }
    blind = now;
    document.body.classList.toggle("blind", blind);
    link.textContent = link.dataset.label + " " + (age / 1000).toFixed(1) + " s";
  }
  function showSound() { sound.textContent = muted ? sound.dataset.off : sound.dataset.on; sound.setAttribute("aria-pressed", String(!muted)); }
  document.body.addEventListener("htmx:sseMessage", function (e) { if (e.detail.type === "beat") beat = Date.now(); });
  document.body.addEventListener("htmx:sseOpen", function () { beat = Date.now(); });
  document.body.addEventListener("htmx:afterSwap", function () { compare(); stand(); acts(); });
  sound.addEventListener("click", function () { muted = !muted; localStorage.setItem("sunlit-muted", muted ? "1" : "0"); showSound(); ring(1); });
  // The button of a card, or of the only incident on the page. It is focused, not pressed: Enter confirms.
  function reach(key, card) {
    const button = (card || document).querySelector('[data-key="' + key + '"]');
    if (!button) return;
    const folded = button.closest("details");
    if (folded) folded.open = true;
    button.focus();
  }
  document.addEventListener("keydown", function (e) {
    if (e.target.matches("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey) return;
    const cards = Array.from(document.querySelectorAll("[data-incident]"));
    const at = cards.indexOf(document.activeElement.closest && document.activeElement.closest("[data-incident]"));
    const one = document.getElementById("acts");
    if (e.key === "j" && cards.length) (cards[Math.min(cards.length - 1, at + 1)]).focus();
    else if (e.key === "k" && cards.length) (cards[Math.max(0, at - 1)]).focus();
    else if (e.key === "Enter" && at >= 0 && document.activeElement === cards[at]) location.href = cards[at].dataset.href;
    else if ((e.key === "r" || e.key === "a") && (at >= 0 || one)) reach(e.key, one ? null : cards[at]);
    else if (e.key === "/") { e.preventDefault(); document.getElementById("find").focus(); }
    else return;
  });
  showSound();
  compare();
  acts();
  setInterval(check, 500);
})();
