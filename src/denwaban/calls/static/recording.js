// The speed of the recording. The choice stays for the next recording in this tab.
"use strict";
(() => {
  const audio = document.getElementById("recording");
  const buttons = [...document.querySelectorAll("[data-rate]")];
  if (!audio || !buttons.length) return;

  const choose = (rate) => {
    audio.defaultPlaybackRate = audio.playbackRate = Number(rate);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.rate === rate));
    sessionStorage.setItem("recording-rate", rate);
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.rate));
  const kept = sessionStorage.getItem("recording-rate");
  if (buttons.some((button) => button.dataset.rate === kept)) choose(kept);
})();
