// The page on the phone's home screen, and on the phone itself from the first look on: the next look may be in a cellar.
"use strict";
(function () {
  const KEY = "sunlit-install", hint = document.getElementById("install");
  const add = document.getElementById("install-add"), how = document.getElementById("install-how");
  let offer = null;
  function refused() { try { return localStorage.getItem(KEY) === "no"; } catch (fault) { return false; } }
  function installed() { return navigator.standalone === true || matchMedia("(display-mode: standalone)").matches; }
  function show() {
    if (refused() || installed()) return;
    hint.hidden = false;
    add.hidden = !offer;
    how.hidden = Boolean(offer);
  }
  window.addEventListener("beforeinstallprompt", function (e) {
    e.preventDefault();
    offer = e;
    show();
  });
  // iOS never asks: only words can help there.
  if (navigator.standalone === false) show();
  add.addEventListener("click", async function () {
    const asked = offer;
    hint.hidden = true;
    offer = null;
    if (asked) await asked.prompt();
  });
  document.getElementById("install-no").addEventListener("click", function () {
    hint.hidden = true;
    try { localStorage.setItem(KEY, "no"); } catch (fault) { /* it is asked again */ }
  });
  window.addEventListener("appinstalled", function () { hint.hidden = true; });
  if (!("serviceWorker" in navigator)) return;
  // The worker came too late to see this page load: it is told what the page is made of.
  navigator.serviceWorker.ready.then(function (registration) {
    const lang = new URLSearchParams(location.search).get("lang");
    const parts = Array.from(document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]"), function (e) { return e.href || e.src; });
    registration.active.postMessage([location.pathname + (lang ? "?lang=" + lang : "")].concat(parts));
  });
})();
