// The bell of the desk: rings until somebody has seen what is new, says plainly when it cannot be heard, and a mute ends.
"use strict";
const sunlitBell = (function () {
  const MUTE_MS = 15 * 60 * 1000, button = document.getElementById("sound");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let audio = null, unseen = new Set(), title = document.title, icon = document.querySelector("link[rel=icon]");
  const plain = icon ? icon.href : "";
  function mutedUntil() { return Number(localStorage.getItem("sunlit-muted-until") || 0); }
  function muted() { return mutedUntil() > Date.now(); }
  function blocked() { return !audio || audio.state !== "running"; }
  function open() {
    try { audio = audio || new AudioContext(); if (audio.state === "suspended") audio.resume().then(show, show); } catch (fault) { /* no sound device: the flash remains */ }
  }
  function ring(times) {
    open();
    if (muted() || blocked()) return show();
    for (let n = 0; n < times; n++) {
      const tone = audio.createOscillator(), gain = audio.createGain();
      tone.frequency.value = n % 2 ? 660 : 880;
      gain.gain.value = .15;
      tone.connect(gain).connect(audio.destination);
      tone.start(audio.currentTime + n * .3);
      tone.stop(audio.currentTime + n * .3 + .22);
    }
  }
  function show() {
    if (!button) return;
    const left = mutedUntil() - Date.now();
    button.hidden = false;
    button.classList.toggle("off", left > 0 || blocked());
    button.setAttribute("aria-pressed", String(left <= 0));
    const words = left > 0 ? button.dataset.off.replace("{min}", Math.max(1, Math.ceil(left / 60000))) : (blocked() ? button.dataset.blocked : button.dataset.on);
    if (button.textContent !== words) button.textContent = words;
  }
  function toggle() {
    open();
    // A click on a bell that was blocked is the click that the browser asked for.
    if (!muted() && button.classList.contains("off")) return setTimeout(function () { show(); ring(1); }, 150);
    localStorage.setItem("sunlit-muted-until", muted() ? "0" : String(Date.now() + MUTE_MS));
    show();
    ring(1);
  }
  function mark() {
    const count = unseen.size, inside = document.querySelectorAll("[data-incident]:not([data-out])").length;
    const all = document.querySelector("[data-inside]");
    const open = all ? Number(all.dataset.inside) : inside;
    document.title = (count ? "● " : "") + (open ? "(" + open + ") " : "") + title;
    if (icon) icon.href = count ? "/static/icon-alarm.svg" : plain;
  }
  // New ones ring until a hand moves: whoever presses a key or points at the page has seen it.
  function alarm(names) {
    names.forEach(function (name) { unseen.add(name); });
    mark();
    if (names.length) ring(6);
  }
  function seen() {
    if (!unseen.size || document.hidden) return;
    unseen = new Set();
    document.querySelectorAll(".incident.new").forEach(function (e) { e.classList.remove("new"); });
    mark();
  }
  ["pointerdown", "keydown"].forEach(function (kind) { document.addEventListener(kind, function () { open(); setTimeout(seen, 0); }); });
  if (button) button.addEventListener("click", toggle);
  setInterval(function () { show(); if (unseen.size) ring(4); }, 5000);
  open();
  show();
  setTimeout(show, 400);
  return { ring: ring, alarm: alarm, toggle: toggle, mark: mark, still: still };
})();
