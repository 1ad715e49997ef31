// Players of live and recorded video: each [data-live] opens a lease when it is tapped (or comes into view), plays what
// comes, says how it stands, and tells the centre that somebody still watches: without that it ends. Who looks, when and
// why stands in the picture, inside the element that fills the screen, so that no screen shows it without.
"use strict";
(function () {
  const wanted = new URLSearchParams(location.search).get("lang"), LANG = wanted ? "?lang=" + encodeURIComponent(wanted) : "";
  const texts = document.getElementById("live-texts").dataset, LATE = 20000, RENEW = 15000, ASK = 1000, LEAVE = 1500;
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: texts.zone, dateStyle: "short", timeStyle: "medium" });
  function send(url, fields) {
    return fetch(url, { method: "POST", body: new URLSearchParams({ csrf: texts.csrf, ...fields }), headers: { Accept: "application/json" } });
  }
  function wait(ms) { return new Promise(function (then) { setTimeout(then, ms); }); }

  class Player {
    constructor(box) {
      this.box = box;
      this.find = function (name) { return box.querySelector(name); };
      this.video = this.find("video");
      this.clip = this.find(".clip");
      this.lease = null;
      if (this.find(".open")) this.find(".open").addEventListener("click", (event) => { event.preventDefault(); if (box.dataset.film) this.film(); else this.open(); });
      if (this.find(".controls .stop")) this.find(".controls .stop").addEventListener("click", () => this.stop());
      if (this.find(".full")) this.find(".full").addEventListener("click", () => this.fill());
      if (this.find(".pause")) this.find(".pause").addEventListener("click", () => this.pause());
      if (this.find(".seek")) this.find(".seek").addEventListener("input", (event) => { this.video.currentTime = this.start() + Number(event.target.value); });
      if (box.dataset.lease) this.begin(JSON.parse(box.dataset.lease), box.dataset.over === "yes");
    }
    say(text) { const words = this.find(".told"); if (words.textContent !== text) words.textContent = text; }
    async open() {
      if (this.lease || this.opening) return;
      this.opening = true;
      this.say(texts.waiting);
      try {
        const answer = await send("/live/camera/" + encodeURIComponent(this.box.dataset.camera) + LANG, { mode: "live", look: this.box.dataset.look || "" });
        if (answer.status === 201) this.begin(await answer.json(), false);
        else if (answer.status === 403) location.assign(this.find(".open").href);
        else this.say(texts.failed);
      } catch (fault) { this.say(texts.failed); }
      this.opening = false;
      if (this.unwanted) this.stop();
    }
    // A clip that is kept as evidence: nothing to wait for and nothing to renew.
    film() {
      this.lease = JSON.parse(this.box.dataset.film);
      this.shift = 0;
      this.mark();
      for (const name of [".mark", ".controls"]) this.find(name).hidden = false;
      this.find(".open").hidden = true;
      this.video.hidden = false;
      this.video.onerror = () => { this.close(); this.say(texts.expired); };
      this.video.src = this.box.dataset.src;
      this.video.play().catch(function () { /* the person presses play */ });
    }
    begin(lease, over) {
      this.lease = lease;
      this.seen = null;
      this.seenAt = this.began = Date.now();
      this.shift = 0;
      if (over) return;
      this.round = (this.round || 0) + 1;
      if (this.find(".controls")) this.find(".controls").hidden = false;
      if (this.find(".open")) this.find(".open").hidden = true;
      this.ask(this.round);
      this.renew(this.round);
    }
    now() { return Date.now() + this.shift; }
    mark() {
      if (!this.lease || !this.find(".mark")) return;
      const words = [this.lease.who, clock.format(new Date(this.now())), this.lease.why, "#" + this.lease.code];
      this.find(".corner").textContent = words.join(" · ");
      const across = this.find(".across");
      if (!across.textContent) across.textContent = Array(90).fill(this.lease.who + " #" + this.lease.code).join("   ");
    }
    play() {
      const list = this.lease.media + "/playlist.m3u8", video = this.video;
      const start = function () { video.play().catch(function () { /* the person presses play */ }); };
      this.playing = true;
      // The mark is there before the picture is.
      this.mark();
      this.find(".mark").hidden = false;
      video.hidden = false;
      if (window.Hls && Hls.isSupported()) {
        const hls = this.hls = new Hls({ enableWorker: false, liveSyncDuration: 2, liveMaxLatencyDuration: 12, maxBufferHole: 1, backBufferLength: 20 });
        hls.on(Hls.Events.ERROR, (_, fault) => {
          if (!fault.fatal) return;
          if (fault.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
          else if (fault.response && fault.response.code === 410) this.finish();
          else setTimeout(() => { if (this.hls === hls) hls.startLoad(); }, ASK);
        });
        hls.loadSource(list);
        hls.attachMedia(video);
        hls.on(Hls.Events.MANIFEST_PARSED, start);
      } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
        video.src = list;
        start();
      } else this.say(texts.novideo);
    }
    behind() {
      // Times of the picture are the edge's clock; the centre knows how far that is from its own.
      const at = this.hls && this.hls.playingDate ? this.hls.playingDate.getTime() : this.video.getStartDate ? this.video.getStartDate().getTime() + this.video.currentTime * 1000 : NaN;
      return (this.now() - at - this.offset) / 1000;
    }
    delay() {
      const label = this.find(".delay");
      if (!label || !this.playing || this.lease.mode !== "live") return;
      const seconds = this.behind();
      if (!Number.isFinite(seconds)) return;
      label.textContent = texts.behind.replace("0", Math.max(0, seconds).toFixed(1));
      label.classList.toggle("late", seconds > 10);
      this.box.dataset.delay = seconds.toFixed(2);
    }
    // What is here already and not yet shown is delay: a little of it is played faster, much of it is left out.
    keepUp() {
      const video = this.video, held = video.buffered;
      if (this.lease.mode !== "live" || !this.playing || video.seeking || !held.length) return;
      const ahead = held.end(held.length - 1) - video.currentTime;
      if (ahead > 6) video.currentTime = held.end(held.length - 1) - 2;
      else if (ahead > 2.5) video.playbackRate = 1.1;
      else if (ahead < 1.2) video.playbackRate = 1;
    }
    take(state) {
      this.shift = state.now - Date.now();
      this.offset = state.offset;
      if (state.over) return this.finish();
      if (state.newest !== this.seen) { this.seen = state.newest; this.seenAt = Date.now(); }
      if (state.refused) return this.say(texts.refused + " " + state.refused);
      if (this.clip) {
        if (state.clip) { this.clip.href = this.lease.media + "/clip.mp4"; this.clip.hidden = false; this.say(""); }
        return null;
      }
      if (state.segments && !this.playing) this.play();
      const late = this.lease.mode === "live" && Date.now() - this.seenAt > LATE;
      if (!state.segments && Date.now() - this.began > LATE) return this.say(texts.nothing);
      return this.say(!state.segments ? texts.waiting : late ? texts.late : this.lease.mode === "live" ? texts.playing : texts.past);
    }
    async ask(round) {
      while (this.lease && this.round === round) {
        try {
          const answer = await fetch(this.lease.base + "/state" + LANG, { headers: { Accept: "application/json" } });
          if (!this.lease || this.round !== round) return;
          if (answer.ok && !answer.redirected) this.take(await answer.json());
          else if (answer.status === 404 || answer.redirected) this.finish();
        } catch (fault) { this.say(texts.late); }
        await wait(this.playing && this.box.dataset.auto !== undefined ? 3 * ASK : ASK);
      }
    }
    async renew(round) {
      for (await wait(RENEW); this.lease && this.round === round; await wait(RENEW)) {
        try {
          const answer = await send(this.lease.base + "/renew");
          if (answer.status === 410 || answer.status === 404) this.finish();
        } catch (fault) { /* it is tried again before the lease ends */ }
      }
    }
    close() {
      if (this.hls) this.hls.destroy();
      this.hls = null;
      if (this.video) { this.video.onerror = null; this.video.removeAttribute("src"); this.video.load(); this.video.hidden = true; }
      this.lease = null;
      this.playing = false;
      delete this.box.dataset.delay;
      for (const name of [".mark", ".controls"]) if (this.find(name)) this.find(name).hidden = true;
      if (this.find(".open")) this.find(".open").hidden = false;
      if (document.fullscreenElement && this.box.contains(document.fullscreenElement)) document.exitFullscreen();
      this.find(".screen").classList.remove("fill");
    }
    finish() {
      this.close();
      this.say(texts.over);
    }
    // Whoever leaves watches no more.
    leave() {
      if (this.lease && this.lease.mode === "live") navigator.sendBeacon(this.lease.base + "/stop", new URLSearchParams({ csrf: texts.csrf }));
    }
    stop() {
      this.leave();
      this.close();
      this.say("");
    }
    // The element that holds picture and mark fills the screen, never the picture alone.
    async fill() {
      const screen = this.find(".screen"), button = this.find(".full");
      if (document.fullscreenElement) await document.exitFullscreen();
      else if (screen.classList.contains("fill")) screen.classList.remove("fill");
      else if (screen.requestFullscreen) await screen.requestFullscreen().catch(function () { screen.classList.add("fill"); });
      else screen.classList.add("fill");
      const large = document.fullscreenElement === screen || screen.classList.contains("fill");
      button.setAttribute("aria-pressed", String(large));
      button.textContent = large ? texts.small : texts.full;
    }
    pause() {
      if (this.video.paused) this.video.play(); else this.video.pause();
    }
    start() { return this.video.seekable.length ? this.video.seekable.start(0) : 0; }
    tick() {
      if (!this.lease) return;
      this.mark();
      this.keepUp();
      this.delay();
      const seek = this.find(".seek"), pause = this.find(".pause");
      if (seek && this.video.seekable.length) {
        seek.max = (this.video.seekable.end(this.video.seekable.length - 1) - this.start()).toFixed(1);
        if (document.activeElement !== seek) seek.value = this.video.currentTime - this.start();
      }
      if (pause) pause.textContent = this.video.paused ? texts.play : texts.pause;
    }
  }

  const players = Array.from(document.querySelectorAll("[data-live]"), function (box) { return new Player(box); });
  setInterval(function () { players.forEach(function (player) { player.tick(); }); }, 500);
  addEventListener("pagehide", function () { players.forEach(function (player) { player.leave(); }); });
  addEventListener("pageshow", function (event) { if (event.persisted) location.reload(); });
  document.addEventListener("fullscreenchange", function () {
    for (const player of players) if (player.find(".full")) {
      const large = document.fullscreenElement && player.box.contains(document.fullscreenElement);
      player.find(".full").textContent = large ? texts.small : texts.full;
      player.find(".full").setAttribute("aria-pressed", String(Boolean(large)));
    }
  });
  if (window.IntersectionObserver) {
    const watcher = new IntersectionObserver(function (entries) {
      for (const entry of entries) {
        const player = players.find(function (one) { return one.box === entry.target; });
        player.unwanted = !entry.isIntersecting;
        if (entry.isIntersecting) player.open();
        else setTimeout(function () { if (player.unwanted && player.lease) player.stop(); }, LEAVE);
      }
    }, { threshold: .2 });
    for (const player of players) if (player.box.dataset.auto !== undefined) watcher.observe(player.box);
  }
})();
