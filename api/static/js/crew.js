// Every tap is kept on the phone until the centre has answered: without a network it is sent later, with how long it
// waited. Pressed twice, or sent twice, it happens once (the form's command id).
"use strict";
(function () {
  const KEY = "sunlit-taps", PATIENCE = 15000, AGAIN = 10000, LOOK = 20000, OLD = 90000, LARGEST = 4500000, SIDE = 2400;
  const note = document.getElementById("offline"), stale = document.getElementById("stale"), head = document.getElementById("crew");
  const changed = document.getElementById("changed"), path = location.pathname;
  let memory = [], sending = false, heard = Date.now(), reached = -1, typed = false;
  function kept() {
    try { return JSON.parse(localStorage.getItem(KEY) || "[]"); } catch (fault) { return memory; }
  }
  function keep(taps) {
    memory = taps;
    try { localStorage.setItem(KEY, JSON.stringify(taps)); } catch (fault) { /* private mode: as long as the page is open */ }
    show();
  }
  function mine() { return kept().filter(function (tap) { return tap.path === path; }); }
  function two(n) { return String(n).padStart(2, "0"); }
  function hour(at) { const d = new Date(at); return two(d.getHours()) + ":" + two(d.getMinutes()); }
  function show() {
    const taps = mine();
    note.hidden = !taps.length;
    if (taps.length) note.textContent = (sending ? note.dataset.sending : note.dataset.label) + " " + taps.map(function (tap) { return tap.words + " " + hour(tap.at); }).join(", ");
    // The next step follows the last tap, whether the centre has heard of it or not.
    const steps = Array.from(document.querySelectorAll("[data-step]"));
    if (!steps.length) return;
    const done = taps.map(function (tap) { return steps.findIndex(function (s) { return s.dataset.step === tap.kind; }); });
    reached = Math.max(reached, ...done);
    steps.forEach(function (step, n) { step.hidden = n !== reached + 1; });
  }
  async function send(tap) {
    const stop = new AbortController(), clock = setTimeout(function () { stop.abort(); }, PATIENCE);
    const body = new URLSearchParams(tap.body);
    body.set("waited_s", ((Date.now() - tap.at) / 1000).toFixed(1));
    try {
      const answer = await fetch(tap.action, { method: "POST", body: body, headers: { Accept: "application/json" }, signal: stop.signal });
      if (answer.status >= 500 || answer.status === 429) return null;
      const words = await answer.json();
      return answer.ok ? words : { ok: false, page: path + "?said=" + encodeURIComponent(words.title || String(answer.status)) };
    } catch (fault) { return null; } finally { clearTimeout(clock); }
  }
  async function flush() {
    if (sending || !kept().length) return;
    sending = true;
    show();
    let said = null;
    for (let taps = kept(); taps.length; taps = kept()) {
      const tap = taps[0], answer = await send(tap);
      if (!answer) break;
      keep(kept().filter(function (other) { return other.id !== tap.id; }));
      if (tap.path === path && (!said || answer.ok === false)) said = answer;
    }
    sending = false;
    show();
    if (!said || mine().length) return;
    // Who is typing already keeps the page, unless something was refused.
    if (typed && said.ok !== false) changed.hidden = false;
    else location.replace(said.page);
  }
  document.addEventListener("input", function () { typed = true; });
  document.querySelectorAll("form[data-tap]").forEach(function (form) {
    form.addEventListener("submit", function (e) {
      e.preventDefault();
      const id = form.elements.command.value, kind = form.dataset.tap;
      if (kept().some(function (tap) { return tap.id === id; })) return;
      const button = e.submitter || form.querySelector("button:not([type=button])");
      const body = Array.from(new FormData(form));
      typed = false;
      // What was said of the tap before is over.
      changed.hidden = true;
      document.querySelectorAll("main > .said:not([id])").forEach(function (old) { old.hidden = true; });
      keep(kept().concat([{ id: id, path: path, kind: kind, action: form.action, body: body, at: Date.now(), words: button.textContent.trim() }]));
      // Another new time from the same page is another tap.
      if (kind === "eta" && window.crypto && crypto.randomUUID) form.elements.command.value = crypto.randomUUID();
      flush();
    });
  });
  const position = document.querySelector("form[data-position]");
  if (position && navigator.geolocation) {
    position.hidden = false;
    // One big button: the code is the other way.
    const typed = position.parentElement.querySelector("button[value=arrived]");
    typed.classList.replace("big", "wide");
    typed.classList.add("quiet");
    const lost = document.getElementById("noposition"), button = position.querySelector("button");
    button.addEventListener("click", function (e) {
      if (position.elements.lat.value) return;
      e.preventDefault();
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(function (at) {
        button.disabled = false;
        lost.hidden = true;
        position.elements.lat.value = at.coords.latitude;
        position.elements.lon.value = at.coords.longitude;
        position.requestSubmit(button);
      }, function () { button.disabled = false; lost.hidden = false; }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 });
    });
  }
  const scan = document.getElementById("scan"), scanner = document.getElementById("scanner");
  if (scan && "BarcodeDetector" in window && navigator.mediaDevices) {
    const video = scanner.querySelector("video"), form = scan.closest("form");
    let camera = null;
    const stop = function () {
      if (camera) camera.getTracks().forEach(function (track) { track.stop(); });
      camera = null;
      scanner.hidden = true;
      scan.hidden = false;
    };
    const look = async function (detector) {
      while (camera) {
        const codes = await detector.detect(video).catch(function () { return []; });
        if (camera && codes.length) {
          form.elements.code.value = codes[0].rawValue;
          stop();
          form.requestSubmit();
          return;
        }
        await new Promise(function (later) { setTimeout(later, 200); });
      }
    };
    scan.hidden = false;
    scan.addEventListener("click", async function () {
      try {
        camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        scan.hidden = true;
        scanner.hidden = false;
        video.srcObject = camera;
        await video.play();
        look(new BarcodeDetector({ formats: ["qr_code"] }));
      } catch (fault) { stop(); form.elements.code.focus(); }
    });
    document.getElementById("scanned").addEventListener("click", stop);
  }
  // A photo that is too large for the centre is made smaller here; a smaller one goes as it is.
  const photo = document.querySelector("form[data-photo]");
  if (photo) photo.addEventListener("submit", async function (e) {
    const file = photo.elements.photo.files[0];
    if (!file || file.size <= LARGEST || photo.dataset.small) return;
    e.preventDefault();
    photo.dataset.small = "yes";
    try {
      const picture = await createImageBitmap(file), share = Math.min(1, SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * share);
      canvas.height = Math.round(picture.height * share);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise(function (done) { canvas.toBlob(done, "image/jpeg", .85); });
      const parcel = new DataTransfer();
      parcel.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }));
      photo.elements.photo.files = parcel.files;
    } catch (fault) { /* the centre says what it takes */ }
    photo.requestSubmit();
  });
  // A page in a pocket hears of a stand-down; one that hears nothing says how old it is.
  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(head.dataset.now, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        heard = Date.now();
        const news = (await answer.json()).version !== head.dataset.version;
        if (news && !typed && !mine().length) location.reload();
        else changed.hidden = !news;
      }
    } catch (fault) { /* no network: the age is shown */ }
    stale.hidden = Date.now() - heard < OLD;
    if (!stale.hidden) stale.textContent = stale.dataset.label + " " + hour(heard);
  }
  // A page from the phone's own store is as old as it is.
  heard = Math.min(Date.now(), Date.parse(head.dataset.at));
  if (Date.now() - heard > OLD) look();
  changed.querySelector("a").addEventListener("click", function (e) { e.preventDefault(); location.reload(); });
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/c/offline.js", { scope: "/c/" }).catch(function () { /* without it, reloading needs a network */ });
  // What was half typed when the page was shown anew is typed still.
  const DRAFT = "sunlit-draft " + path;
  function fields() { return Array.from(document.querySelectorAll("form[data-tap] :is(input:not([type=hidden]):not([type=checkbox]), select)")); }
  function nameOf(field) { return field.form.dataset.tap + " " + field.name; }
  window.addEventListener("pagehide", function () {
    if (!typed) return;
    try { sessionStorage.setItem(DRAFT, JSON.stringify(fields().map(function (f) { return [nameOf(f), f.value]; }))); } catch (fault) { /* it is typed again */ }
  });
  try {
    const draft = JSON.parse(sessionStorage.getItem(DRAFT) || "[]");
    sessionStorage.removeItem(DRAFT);
    fields().forEach(function (f) {
      const old = draft.find(function (d) { return d[0] === nameOf(f); });
      if (old && old[1]) { f.value = old[1]; typed = true; }
    });
  } catch (fault) { /* it is typed again */ }
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", look);
  setInterval(flush, AGAIN);
  setInterval(look, LOOK);
  show();
  flush();
})();
