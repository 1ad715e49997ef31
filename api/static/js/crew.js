// A tap without a network is kept with its time and sent later; pressed twice it happens once (the form's command id).
"use strict";
(function () {
  const KEY = "sunlit-taps", note = document.getElementById("offline");
  function kept() { return JSON.parse(localStorage.getItem(KEY) || "[]"); }
  function keep(taps) { localStorage.setItem(KEY, JSON.stringify(taps)); show(); }
  function show() {
    const taps = kept();
    note.hidden = !taps.length;
    if (taps.length) note.textContent = note.dataset.label + " " + taps.map(function (t) { return t.time; }).join(", ");
  }
  async function flush() {
    let taps = kept();
    while (taps.length) {
      try {
        const answer = await fetch(taps[0].action, { method: "POST", body: new URLSearchParams(taps[0].body), headers: { Accept: "application/json" } });
        if (answer.status >= 500) return;
      } catch (fault) { return; }
      taps = kept().slice(1);
      keep(taps);
      if (!taps.length) location.reload();
    }
  }
  document.querySelectorAll("form[data-tap]").forEach(function (form) {
    form.addEventListener("submit", function (e) {
      const time = new Date();
      if (!navigator.onLine) {
        e.preventDefault();
        const body = Array.from(new FormData(form, e.submitter)).concat([["client_at", time.toISOString()]]);
        keep(kept().concat([{ action: form.action, body: body, time: time.toLocaleTimeString("en-GB").slice(0, 5) }]));
      }
    });
  });
  const here = document.getElementById("here");
  if (here && navigator.geolocation) {
    here.hidden = false;
    here.addEventListener("click", function () {
      navigator.geolocation.getCurrentPosition(function (at) {
        const form = here.closest("form");
        form.elements.proof.value = "position";
        form.elements.lat.value = at.coords.latitude;
        form.elements.lon.value = at.coords.longitude;
        form.requestSubmit();
      }, function () { document.getElementById("noposition").hidden = false; }, { enableHighAccuracy: true, timeout: 15000 });
    });
  }
  window.addEventListener("online", flush);
  show();
  flush();
})();
