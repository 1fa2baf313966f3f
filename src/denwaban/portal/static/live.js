// Keeps an open page of the portal true: something changed → fetch what is shown again, or say that it has changed.
"use strict";

(() => {
  const keep = (source) => {
    const { live, list, pick, show, only } = source.dataset;
    let wanted = false;
    let busy = false;

    const refresh = async () => {
      if (busy) { wanted = true; return; }
      busy = true;
      try {
        do {
          wanted = false;
          const answer = await fetch(list, { headers: { Accept: "text/html" }, redirect: "manual" });
          if (answer.type === "opaqueredirect" || answer.status === 401) { location.reload(); return; } // signed out
          if (!answer.ok) break;
          const text = await answer.text();
          const found = pick
            ? new DOMParser().parseFromString(text, "text/html").querySelector(pick)?.innerHTML
            : text;
          // Whoever is on a button by keyboard stays there.
          const at = document.activeElement?.getAttribute("aria-label");
          if (found !== undefined) source.innerHTML = found;
          if (at) [...source.querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === at)?.focus();
        } while (wanted);
      } catch {
        // No connection: the stream comes back by itself and brings the change again.
      } finally {
        busy = false;
      }
    };

    let events;
    const listen = () => {
      events = new EventSource(live);
      events.addEventListener("error", () => {
        // Any answer but 200 (the program starts again) closes a stream for good. A new one tells all since the page was made.
        if (events.readyState !== EventSource.CLOSED) return;
        setTimeout(listen, 3000);
        if (list) refresh();
      });
      events.addEventListener("changed", (event) => {
        // How far a call has come has a place of its own on the page; there nothing else is shown.
        if (event.data.startsWith(only ?? "callback.") !== (only !== undefined)) return;
        if (list) refresh();
        if (show) document.getElementById(show).hidden = false;
      });
    };
    listen();
    window.addEventListener("pagehide", () => events.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-live]").forEach(keep));
})();
