// No connection: tries again by itself. A page is opened anew; what was not sent is left to the person.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const state = document.getElementById("state");
  const unsent = Boolean(document.body.dataset.unsent);
  const EVERY = 5000;
  let timer;

  const look = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch("/health/live", { cache: "no-store" });
      if (!answer.ok) throw new Error(`${answer.status}`);
      state.textContent = state.dataset.back;
      if (!unsent) location.reload();
    } catch {
      state.textContent = state.dataset.waiting;
      timer = setTimeout(look, EVERY);
    }
  };

  document.getElementById("try")?.addEventListener("click", () => { state.textContent = state.dataset.trying; look(); });
  document.getElementById("back")?.addEventListener("click", () => history.back());
  window.addEventListener("online", look);
  timer = setTimeout(look, EVERY);
});
