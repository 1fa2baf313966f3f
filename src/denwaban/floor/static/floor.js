// Keeps the floor up to date: the server tells that something changed, the page fetches what it shows.
"use strict";

(() => {
  const board = document.getElementById("floor");
  const cut = document.getElementById("floor-cut");
  const GAP = 300; // at most three looks a second, however busy the floor is
  const ANYHOW = 10000; // what is no fact (the engine going away, minutes passing) is seen within this time
  let waiting = null, looking = false, anew = false;

  const look = async () => {
    waiting = null;
    if (looking) { anew = true; return; }
    looking = true;
    try {
      const answer = await fetch(board.dataset.parts, { headers: { "HX-Request": "true" } });
      if (answer.redirected || answer.status === 401 || answer.status === 403) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const focused = board.contains(document.activeElement) ? document.activeElement : null;
      const again = ["href", "data-pick", "data-come", "data-move"].find((name) => focused?.hasAttribute(name));
      const selector = again && `[${again}="${CSS.escape(focused.getAttribute(again))}"]`;
      const places = [...board.querySelectorAll(".panel")].map((panel) => panel.scrollTop);
      board.innerHTML = await answer.text();
      [...board.querySelectorAll(".panel")].forEach((panel, number) => { panel.scrollTop = places[number] ?? 0; });
      if (selector) board.querySelector(selector)?.focus({ preventScroll: true });
      document.dispatchEvent(new CustomEvent("htmx:after:swap")); // the clocks show their time at once
      call();
      cut.hidden = true;
    } catch {
      cut.hidden = false;
    } finally {
      looking = false;
      if (anew) { anew = false; later(); }
    }
  };
  // Whoever calls for a supervisor is heard of in the title as well; the sound is the supervisors' own page's.
  const title = document.title;
  const call = () => {
    const waiting = board.querySelectorAll("[data-unanswered]").length;
    document.title = waiting ? `(${waiting}) ☎ ${title}` : title;
    document.dispatchEvent(new CustomEvent("floor:looked"));
  };
  call();
  const later = () => { waiting ??= setTimeout(look, GAP); };

  const source = new EventSource(`/floor/live?after=${board.dataset.after}`);
  source.addEventListener("changed", later);
  source.addEventListener("open", () => { cut.hidden = true; later(); });
  source.addEventListener("error", () => { cut.hidden = false; });
  setInterval(later, ANYHOW);
  document.addEventListener("floor:acted", later); // who acts sees it also while the stream is cut
  window.addEventListener("pagehide", () => source.close());
})();
