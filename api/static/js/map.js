// Maps: an element with data-src shows the GeoJSON points of that address. What a point is says its shape and its words,
// never its colour alone; whatever a map shows stands in words elsewhere on the page too.
// Properties of a point: kind (lift, station, crew, town), tone (danger, late, fine, unknown, plain), label, text, href,
// size (towns: 0 to 1, the share of the largest).
"use strict";
(function () {
  const GLYPHS = { lift: "▲", station: "■", crew: "●" };
  function words(properties) {
    const box = document.createElement("div"), head = document.createElement(properties.href ? "a" : "strong");
    head.textContent = properties.label;
    if (properties.href) head.href = properties.href;
    box.append(head);
    for (const line of properties.text ? properties.text.split("\n") : []) {
      const p = document.createElement("p");
      p.textContent = line;
      box.append(p);
    }
    return box;
  }
  function layer(feature, at) {
    const p = feature.properties, tone = p.tone || "plain";
    if (p.kind === "town") return L.circleMarker(at, { radius: 6 + 20 * Math.sqrt(p.size || 0), className: "town " + tone });
    const icon = L.divIcon({ className: "pin " + p.kind + " " + tone, html: GLYPHS[p.kind] || "●", iconSize: [28, 28] });
    // Danger lies on top of whoever comes, and both on stations.
    const height = (p.tone === "danger" ? 2000 : 0) + (p.kind === "station" ? 0 : 1000);
    return L.marker(at, { icon: icon, title: p.label, alt: p.label, keyboard: true, zIndexOffset: height });
  }
  function start(box) {
    const map = L.map(box, { attributionControl: Boolean(box.dataset.credit), scrollWheelZoom: false, zoomSnap: box.dataset.tiles ? 1 : .25, zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches });
    L.control.scale({ imperial: false }).addTo(map);
    if (box.dataset.tiles) L.tileLayer(box.dataset.tiles, { attribution: box.dataset.credit || "", maxZoom: 18 }).addTo(map);
    let points = null, seen = "";
    async function load() {
      let text;
      try {
        const answer = await fetch(box.dataset.src, { headers: { Accept: "application/json" } });
        if (!answer.ok || answer.redirected) return;
        text = await answer.text();
      } catch (fault) { return; /* the old points stay; that they are old says the page */ }
      if (text === seen) return;
      const first = !seen;
      seen = text;
      if (points) points.remove();
      points = L.geoJSON(JSON.parse(text), {
        pointToLayer: layer,
        onEachFeature: function (feature, one) {
          one.bindPopup(words(feature.properties));
          if (feature.properties.kind === "town") one.bindTooltip(feature.properties.label, { permanent: true, direction: "center", className: "town-name" });
        },
      }).addTo(map);
      // Whoever has moved the map keeps what is looked at.
      if (first && points.getLayers().length) map.fitBounds(points.getBounds().pad(0.15), { maxZoom: 15 });
      box.dataset.points = points.getLayers().length;
    }
    map.setView([22.52, 113.38], 11);
    load();
    document.addEventListener("sunlit:changed", load);
  }
  document.querySelectorAll(".map[data-src]").forEach(start);
})();
