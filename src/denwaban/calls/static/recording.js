// The recording of a call: its picture with marks, its speed, its keys. The speed stays for the next recording in this tab.
"use strict";
(() => {
  const audio = document.getElementById("recording");
  const wave = document.getElementById("wave");
  const canvas = document.getElementById("wave-picture");
  const buttons = [...document.querySelectorAll("[data-rate]")];
  if (!audio || !wave) return;

  // -- speed

  const choose = (rate) => {
    audio.defaultPlaybackRate = audio.playbackRate = Number(rate);
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.rate === rate));
    sessionStorage.setItem("recording-rate", rate);
  };
  const faster = (steps) => {
    const at = buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    choose(buttons[Math.max(0, Math.min(buttons.length - 1, at + steps))].dataset.rate);
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.rate));
  const kept = sessionStorage.getItem("recording-rate");
  if (buttons.some((button) => button.dataset.rate === kept)) choose(kept);

  // -- the picture

  const marks = JSON.parse(wave.dataset.marks);
  let peaks = [];
  let seconds = 0;
  const length = () => (Number.isFinite(audio.duration) && audio.duration) || seconds;
  const clock = (time) => `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`;

  const draw = () => {
    const ratio = window.devicePixelRatio || 1;
    const wide = Math.round(canvas.clientWidth * ratio);
    const high = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const ink = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const colours = { rest: style.color, played: style.accentColor, mark: getComputedStyle(document.documentElement).getPropertyValue("--amber-line") || style.accentColor };
    const place = length() ? audio.currentTime / length() : 0;
    const most = Math.max(24, ...peaks);
    const bar = wide / (peaks.length || 1);
    ink.clearRect(0, 0, wide, high);
    peaks.forEach((peak, number) => {
      const tall = Math.max(ratio, (peak / most) * (high - 4 * ratio));
      ink.fillStyle = (number + 0.5) / peaks.length <= place ? colours.played : colours.rest;
      ink.fillRect(number * bar, (high - tall) / 2, Math.max(1, bar * 0.7), tall);
    });
    if (length()) {
      ink.fillStyle = colours.mark;
      for (const [at] of marks) ink.fillRect((at / length()) * wide, 0, 2 * ratio, high);
      ink.fillStyle = colours.played;
      ink.fillRect(Math.min(wide - 2 * ratio, place * wide), 0, 2 * ratio, high);
    }
    canvas.setAttribute("aria-valuemax", String(Math.round(length())));
    canvas.setAttribute("aria-valuenow", String(Math.round(audio.currentTime)));
    canvas.setAttribute("aria-valuetext", `${clock(audio.currentTime)} / ${clock(length())}`);
  };

  const seek = (time) => {
    audio.currentTime = Math.max(0, Math.min(length() || time, time));
    draw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    const box = canvas.getBoundingClientRect();
    const follow = (move) => seek(((move.clientX - box.left) / box.width) * length());
    canvas.setPointerCapture(event.pointerId);
    canvas.addEventListener("pointermove", follow);
    canvas.addEventListener("pointerup", () => canvas.removeEventListener("pointermove", follow), { once: true });
    follow(event);
  });
  for (const name of ["timeupdate", "seeked", "loadedmetadata"]) audio.addEventListener(name, draw);
  new ResizeObserver(draw).observe(canvas);
  for (const button of document.querySelectorAll("[data-at]")) {
    button.addEventListener("click", () => {
      seek(Number(button.dataset.at));
      audio.play();
    });
  }
  fetch(wave.dataset.src, { headers: { "HX-Request": "true" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
    .then((told) => {
      ({ peaks, seconds } = told);
      wave.dataset.drawn = String(peaks.length);
      draw();
    })
    // Without its picture a recording is heard all the same.
    .catch(() => { wave.hidden = true; });

  // -- keys

  const toMark = (step) => {
    const now = audio.currentTime;
    const times = marks.map(([at]) => at);
    const next = step > 0 ? times.find((at) => at > now + 0.5) : times.filter((at) => at < now - 1.5).pop();
    if (next !== undefined) seek(next);
  };
  const keys = {
    " ": () => (audio.paused ? audio.play() : audio.pause()),
    ArrowLeft: () => seek(audio.currentTime - 5),
    ArrowRight: () => seek(audio.currentTime + 5),
    ArrowUp: () => faster(1),
    ArrowDown: () => faster(-1),
    ",": () => toMark(-1),
    ".": () => toMark(1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    // Fields, buttons and the player itself keep their own keys; arrows scroll the page when nothing of this is in sight.
    if (event.target.closest("input, textarea, select, audio") || (event.key === " " && event.target.closest("button, a, summary"))) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
