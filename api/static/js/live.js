// Plays what comes, says how it stands, and tells the centre that somebody still watches: without that it ends.
"use strict";
(function () {
  const box = document.getElementById("live"), words = document.getElementById("words");
  const video = document.getElementById("video"), clip = document.getElementById("clip");
  const base = box.dataset.base, LATE = 20000, RENEW = 15000, ASK = 1000;
  let started = false, over = box.dataset.over === "yes", seen = 0, seenAt = Date.now();
  function say(text) { if (words.textContent !== text) words.textContent = text; }
  function finish(text) {
    over = true;
    say(text || box.dataset.tOver);
  }
  function play() {
    started = true;
    const list = base + "/playlist.m3u8";
    if (window.Hls && Hls.isSupported()) {
      const hls = new Hls({ enableWorker: false, liveSyncDurationCount: 2, liveMaxLatencyDurationCount: 6, maxBufferHole: 1 });
      hls.on(Hls.Events.ERROR, function (_, fault) {
        if (!fault.fatal) return;
        if (fault.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
        else if (fault.response && fault.response.code === 410) finish();
        else setTimeout(function () { hls.startLoad(); }, ASK);
      });
      hls.loadSource(list);
      hls.attachMedia(video);
      hls.on(Hls.Events.MANIFEST_PARSED, function () { video.play().catch(function () { /* the person presses play */ }); });
    } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
      video.src = list;
      video.play().catch(function () { /* the person presses play */ });
    } else say(box.dataset.tNovideo);
  }
  function take(state) {
    if (state.over) return finish();
    if (state.newest !== seen) { seen = state.newest; seenAt = Date.now(); }
    if (state.refused) return say(box.dataset.tRefused + " " + state.refused);
    if (clip) {
      if (state.clip) { clip.hidden = false; say(""); }
      return null;
    }
    if (state.segments && !started) play();
    const late = box.dataset.mode === "live" && Date.now() - seenAt > LATE;
    return say(!state.segments ? box.dataset.tWaiting : late ? box.dataset.tLate : box.dataset.tPlaying);
  }
  async function ask() {
    if (over) return;
    try {
      const answer = await fetch(base + "/state", { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) take(await answer.json());
      else if (answer.status === 404 || answer.redirected) finish();
    } catch (fault) { say(box.dataset.tLate); }
    setTimeout(ask, ASK);
  }
  function post() { return { method: "POST", body: new URLSearchParams({ csrf: box.dataset.csrf }), headers: { Accept: "application/json" } }; }
  async function renew() {
    if (over) return;
    try {
      const answer = await fetch(base + "/renew", post());
      if (answer.status === 410 || answer.status === 404) return finish();
    } catch (fault) { /* it is tried again before the lease ends */ }
    setTimeout(renew, RENEW);
  }
  // Whoever leaves the page watches no more.
  addEventListener("pagehide", function () {
    if (!over && box.dataset.mode === "live") navigator.sendBeacon(base + "/stop", new URLSearchParams({ csrf: box.dataset.csrf }));
  });
  ask();
  setTimeout(renew, RENEW);
})();
