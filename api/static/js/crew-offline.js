// Without a network a crew still sees its page as it was last: where, what, and the buttons.
"use strict";
const STORE = "sunlit-crew-1", PATIENCE = 6000, KEPT = 2 * 86400000;
// A rescue's page is kept no longer than its link lasts.
async function forget(store) {
  for (const request of await store.keys()) {
    const answer = await store.match(request);
    if (answer && Date.now() - Date.parse(answer.headers.get("date")) > KEPT) await store.delete(request);
  }
}
self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (e) { e.waitUntil(self.clients.claim()); });
// A page that loaded before there was a worker names itself and its parts; what is kept already stays.
self.addEventListener("message", function (e) {
  e.waitUntil((async function () {
    const store = await caches.open(STORE);
    for (const part of Array.isArray(e.data) ? e.data : []) {
      if (new URL(part, location.origin).origin !== location.origin || await store.match(part)) continue;
      const answer = await fetch(part).catch(function () { return null; });
      if (answer && answer.ok && !answer.redirected) await store.put(part, answer);
    }
  })());
});
self.addEventListener("fetch", function (e) {
  const address = new URL(e.request.url);
  const page = e.request.mode === "navigate" && address.pathname.startsWith("/c/");
  if (e.request.method !== "GET" || address.origin !== location.origin || !(page || address.pathname.startsWith("/static/"))) return;
  // What was said of a tap belongs to that moment, not to the page.
  const key = page ? address.pathname + (address.searchParams.get("lang") ? "?lang=" + address.searchParams.get("lang") : "") : e.request;
  e.respondWith((async function () {
    const store = await caches.open(STORE);
    const old = await store.match(key);
    const fresh = fetch(e.request).then(function (answer) {
      if (answer.ok && !answer.redirected) store.put(key, answer.clone()).then(function () { return forget(store); });
      else if (page && (answer.status === 404 || answer.status === 410)) store.delete(key);
      return answer;
    });
    if (!old) return fresh;
    const known = fresh.catch(function () { return old; });
    // After a tap an old page would deny it: it is shown only where there is no network at all.
    if (address.searchParams.has("said")) return known;
    return Promise.race([known, new Promise(function (done) { setTimeout(done, PATIENCE, old); })]);
  })());
});
