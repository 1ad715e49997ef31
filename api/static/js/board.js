// The board: pieces that come through the stream, what happened while nobody looked, and the keys.
"use strict";
(function () {
  const bar = document.getElementById("bar"), reached = new Set();
  function numbers() { return Array.from(document.querySelectorAll("[data-incident], [data-line]"), function (e) { return e.dataset.incident || e.dataset.line; }); }
  function strangers() { return Array.from(document.querySelectorAll("[data-stranger]"), function (e) { return e.dataset.stranger; }); }
  let known = null;
  // An entry of the stream and the card that follows it are one thing: it rings once.
  const rung = new Set();
  function ringFor(names) {
    const fresh = names.filter(function (name) { return !rung.has(name); });
    fresh.forEach(function (name) { rung.add(name); });
    if (fresh.length) sunlitBell.alarm(fresh);
  }
  // What stands here now and did not before is new; an incident's page rings for others as the board does.
  function compare() {
    const now = numbers().concat(strangers());
    if (known) {
      const fresh = now.filter(function (n) { return !known.has(n); });
      fresh.forEach(function (n) {
        const card = document.querySelector('[data-incident="' + CSS.escape(n) + '"]');
        if (card) card.classList.add("new");
      });
      ringFor(fresh);
      now.forEach(function (n) { known.add(n); });
    } else known = new Set(now);
    sunlitBell.mark();
  }
  // A card that was drawn again is the same card: who stood on it stands on it still.
  function stood() {
    const at = document.activeElement;
    return at && at.closest ? at.id || (at.closest("[data-incident]") || {}).id || null : null;
  }
  function stand(on) {
    const lost = !document.activeElement || document.activeElement === document.body;
    const again = on && document.getElementById(on);
    if (lost && again) again.focus({ preventScroll: true });
  }
  function piece(key, html) {
    const box = document.createElement("div");
    box.dataset.piece = key;
    box.innerHTML = html.replaceAll("~csrf~", bar.dataset.csrf);
    return box;
  }
  function draw(change) {
    if (change.base !== null && change.base !== bar.dataset.version) { document.dispatchEvent(new CustomEvent("sunlit:astray")); return; }
    const on = stood();
    document.querySelectorAll("[data-region]").forEach(function (region) {
      const name = region.dataset.region, here = new Map(Array.from(region.children, function (e) { return [e.dataset.piece, e]; }));
      const order = change.order[name] || (change.base === null ? [] : Array.from(here.keys()));
      let before = null;
      order.slice().reverse().forEach(function (key) {
        let box = here.get(key);
        if (key in change.html) { const made = piece(key, change.html[key]); if (box) box.replaceWith(made); box = made; }
        if (!box) return;
        if (box.parentNode !== region || box.nextElementSibling !== before) region.insertBefore(box, before);
        before = box;
        here.delete(key);
      });
      here.forEach(function (box) { box.remove(); });
    });
    bar.dataset.version = change.version;
    stand(on);
    document.dispatchEvent(new CustomEvent("sunlit:drawn"));
  }
  document.addEventListener("sunlit:board", function (e) { draw(e.detail); compare(); changed(); });
  let later = null;
  function changed() { clearTimeout(later); later = setTimeout(function () { document.dispatchEvent(new CustomEvent("sunlit:changed")); }, 700); }

  // What happens is said once, and what happened while nobody was there stays until somebody has read it.
  const box = document.getElementById("missed"), ticker = document.getElementById("ticker");
  let missed = [];
  document.addEventListener("sunlit:entry", function (e) {
    const entry = e.detail;
    if (reached.has(entry.id)) return;
    reached.add(entry.id);
    if (entry.missed) { missed.push(entry); return; }
    if (entry.new && entry.number !== bar.dataset.number && !(known && known.has(entry.number))) ringFor([entry.number]);
    if (entry.told && ticker) { ticker.hidden = false; ticker.textContent = entry.at + " " + entry.text; }
  });
  document.addEventListener("sunlit:caught-up", function (e) {
    const told = missed.filter(function (entry) { return entry.told; });
    const fresh = told.filter(function (entry) { return entry.new; });
    if (box && (told.length || e.detail.cut)) {
      box.hidden = false;
      box.querySelector("strong").textContent = box.dataset.title.replace("{n}", told.length).replace("{since}", told.length ? told[0].at : "");
      const list = box.querySelector("ul"), rest = told.filter(function (entry) { return !entry.new; });
      const shown = fresh.slice(-12).concat(rest.slice(-Math.max(0, 12 - fresh.length)));
      list.replaceChildren();
      shown.sort(function (a, b) { return a.id - b.id; }).forEach(function (entry) {
        const line = document.createElement("li"), a = document.createElement("a");
        a.href = "/board/incident/" + encodeURIComponent(entry.number) + (location.search.includes("lang=") ? "?lang=" + document.documentElement.lang.slice(0, 2) : "");
        a.textContent = entry.at + " " + entry.text;
        if (entry.new) line.className = "fresh";
        line.append(a);
        list.append(line);
      });
      const more = told.length - shown.length;
      if (more > 0 || e.detail.cut) { const line = document.createElement("li"); line.textContent = e.detail.cut ? box.dataset.cut : box.dataset.more.replace("{n}", more); list.append(line); }
    }
    ringFor(fresh.map(function (entry) { return entry.number; }));
    missed = [];
  });
  if (box) box.querySelector("button").addEventListener("click", function () { box.hidden = true; });

  // What can be done follows what has happened; but nobody's half-typed words are swept away.
  let typed = false;
  function acts() {
    const story = document.querySelector("[data-state]"), note = document.getElementById("changed");
    if (!story || !note) return;
    acts.first = acts.first || story.dataset.state;
    if (acts.first === story.dataset.state) return;
    if (typed) note.hidden = false;
    else location.reload();
  }
  document.addEventListener("input", function (e) { if (!e.target.closest("#bar")) typed = true; });
  document.addEventListener("submit", function () { typed = true; });
  let on = null;
  document.body.addEventListener("htmx:beforeSwap", function () { on = stood(); });
  document.body.addEventListener("htmx:afterSwap", function () { compare(); stand(on); acts(); });

  // Twice is meant: the first press of what calls 119 or 120 asks, the second does.
  document.addEventListener("submit", function (e) {
    const button = e.submitter;
    if (!button || !button.dataset.twice || button.dataset.sure) return;
    e.preventDefault();
    const words = button.textContent;
    button.dataset.sure = "1";
    button.textContent = button.dataset.twice;
    setTimeout(function () { delete button.dataset.sure; button.textContent = words; }, 5000);
  });

  document.querySelectorAll(".twice").forEach(function (e) { e.hidden = false; });
  // What an address points at is unfolded: the form that a link leads to.
  function unfold() {
    const aim = location.hash.length > 1 && document.getElementById(location.hash.slice(1)), folded = aim && aim.closest("details");
    if (folded) { folded.open = true; aim.scrollIntoView(); }
  }
  addEventListener("hashchange", unfold);
  unfold();

  // The map folds away, and stays as it was left.
  const map = document.getElementById("map-box");
  if (map) {
    const wish = localStorage.getItem("sunlit-map");
    map.open = wish ? wish === "1" : innerWidth > 900;
    map.addEventListener("toggle", function () { localStorage.setItem("sunlit-map", map.open ? "1" : "0"); window.dispatchEvent(new Event("resize")); });
  }
  const help = document.getElementById("help"), opener = document.getElementById("help-open");
  function ask() { if (help) { if (help.open) help.close(); else help.showModal(); } }
  if (opener) { opener.hidden = false; opener.addEventListener("click", ask); }

  // The button of a card, or of the only incident on the page. It is focused, not pressed: Enter confirms.
  function reach(key, card) {
    const button = (card || document).querySelector('[data-key="' + key + '"]');
    if (!button) return;
    const folded = button.closest("details");
    if (folded) folded.open = true;
    button.focus();
  }
  document.addEventListener("keydown", function (e) {
    if (e.target.matches("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey || (help && help.open && e.key !== "?")) return;
    const cards = Array.from(document.querySelectorAll("[data-incident]"));
    const at = cards.indexOf(document.activeElement.closest && document.activeElement.closest("[data-incident]"));
    const one = document.getElementById("acts");
    if (e.key === "j" && cards.length) (cards[Math.min(cards.length - 1, at + 1)]).focus();
    else if (e.key === "k" && cards.length) (cards[Math.max(0, at - 1)]).focus();
    else if (e.key === "Enter" && at >= 0 && document.activeElement === cards[at]) location.href = cards[at].dataset.href;
    else if ((e.key === "r" || e.key === "a") && (at >= 0 || one)) reach(e.key, one ? null : cards[at]);
    else if (e.key === "/") { e.preventDefault(); document.getElementById("find").focus(); }
    else if (e.key === "m") sunlitBell.toggle();
    else if (e.key === "g" && map) map.open = !map.open;
    else if (e.key === "b" && one) location.href = document.querySelector("[data-back]").href;
    else if (e.key === "?") ask();
    else return;
  });
  compare();
  acts();
})();
