// Keeps an open page new: loads it again when the site changes, or only its styles when nothing else did.
(() => {
  "use strict";
  const QUIET_MS = 250;
  const PLACE = "althing-live-place";
  let source, timer, last = "", styles = true, waits = false;

  try {
    const place = JSON.parse(sessionStorage.getItem(PLACE) || "null");
    sessionStorage.removeItem(PLACE);
    if (place && place.at === location.href) scrollTo(place.x, place.y);
  } catch { /* no storage: the page begins at its top */ }

  function reload() {
    try {
      sessionStorage.setItem(PLACE, JSON.stringify({ at: location.href, x: scrollX, y: scrollY }));
    } catch { /* as above */ }
    location.reload();
  }

  function restyle() {
    for (const link of document.querySelectorAll("link[rel~=stylesheet]")) {
      const url = new URL(link.href, location.href);
      if (url.origin !== location.origin) continue;
      url.searchParams.set("althing-live", Date.now());
      const fresh = link.cloneNode();
      fresh.href = url.href;
      // The old one stays until the new one is there, so that nothing flickers.
      fresh.onload = fresh.onerror = () => link.remove();
      link.after(fresh);
    }
  }

  function changed(path) {
    if (!path || !/\.css$/i.test(path)) styles = false;
    waits = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const only = styles;
      styles = true;
      waits = false;
      if (only) restyle(); else reload();
    }, QUIET_MS);
  }

  function open() {
    if (source) return;
    source = new EventSource("/.althing/live" + (last ? "?after=" + last : ""));
    const seen = (event) => { if (event.lastEventId) last = event.lastEventId; };
    source.addEventListener("hello", (event) => { last = last || String(JSON.parse(event.data).last); });
    source.addEventListener("change", (event) => { seen(event); changed(JSON.parse(event.data).path); });
    source.addEventListener("ledger", (event) => {
      seen(event);
      document.dispatchEvent(new CustomEvent("althing-ledger"));
    });
    source.addEventListener("reload", () => { shut(); last = ""; changed(); });
    // Refused for good: entering the site again is up to the person.
    source.onerror = () => { if (source && source.readyState === EventSource.CLOSED) shut(); };
  }

  function shut() {
    if (source) source.close();
    source = undefined;
  }

  // A browser has six connections for a site: pages that nobody looks at give theirs back.
  function look() {
    if (document.visibilityState === "visible") open(); else if (!waits) shut();
  }
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", shut);
  addEventListener("pageshow", look);
  look();
})();
