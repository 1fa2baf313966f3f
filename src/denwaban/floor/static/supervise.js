// A supervisor's keys on the floor, and the telephone in the page through which they hear and speak.

import { Phone } from "../console/phone.js";
import { Ring } from "../console/ring.js";

const bar = document.getElementById("floor-bar");
const board = document.getElementById("floor");
const words = JSON.parse(bar.dataset.words);
const button = document.getElementById("floor-phone");
const sure = document.getElementById("floor-sure");
const moving = document.getElementById("floor-move");
const allowing = document.getElementById("floor-allow");
const phone = new Phone(document.getElementById("floor-voice"));
const ring = new Ring();

let chosen = ""; // the operator whose talk the keys are about

/** `wait`: how often more to ask, because the telephone has just signed in and the program hears of it in a moment. */
async function ask(path, body = {}, wait = 0) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "X-CSRF-Token": bar.dataset.csrf, "Content-Type": "application/json", "HX-Request": "true" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15000),
    });
    if (answer.status === 401) location.reload();
    const told = await answer.json();
    document.dispatchEvent(new CustomEvent("floor:acted"));
    if (answer.ok) return told;
    if (told.phone === false && wait) {
      await new Promise((done) => setTimeout(done, 300));
      return ask(path, body, wait - 1);
    }
    window.toast(told.problem ?? words.away, "danger");
  } catch {
    window.toast(words.away, "danger");
  }
  return null;
}

// -- the chosen seat --------------------------------------------------------------------------------------------------

const tile = () => board.querySelector(`[data-seat="${CSS.escape(chosen)}"]`);

function choose(operator) {
  chosen = operator;
  show();
}

function show() {
  // Whoever is at a talk has that one in the keys.
  const mine = board.querySelector("[data-mine]");
  if (mine) chosen = mine.dataset.seat;
  const at = chosen ? tile() : null;
  const talking = at?.dataset.state === "talking";
  for (const each of board.querySelectorAll("[data-seat]")) each.classList.toggle("chosen", each === at);
  for (const each of board.querySelectorAll("[data-pick]")) each.setAttribute("aria-pressed", String(each.dataset.pick === chosen));
  document.getElementById("floor-chosen").textContent = at ? `${at.dataset.name} · ${talking ? at.dataset.client : words.talking}` : words.choose;
  for (const each of bar.querySelectorAll("[data-mode]")) {
    each.disabled = !talking;
    each.setAttribute("aria-pressed", String(Boolean(mine) && mine.dataset.mine === each.dataset.mode));
  }
  document.getElementById("floor-let").disabled = !talking;
  const own = board.querySelector('[data-own][data-state="talking"]');
  document.getElementById("floor-leave").disabled = !mine && !own;
  if (board.querySelector("[data-unanswered]")) ring.start(words.help, words.help);
  else ring.stop();
}

let meant = ""; // the call when the dialog was opened: the next caller is not taken over

async function act(mode, call = tile()?.dataset.call ?? "") {
  if (!chosen) return;
  // Anew for each call: the seat's page, where the same telephone may have signed in since, would be rung instead.
  if (!phone.talking && (localStorage.getItem("floor-phone") || phone.line === "off")) await usePhone();
  await ask("/floor/watch", { operator_id: chosen, mode, call_id: call }, phone.line === "ready" ? 10 : 0);
}

bar.addEventListener("click", ({ target }) => {
  const mode = target.closest("[data-mode]")?.dataset.mode;
  if (mode === "take_over") {
    meant = tile()?.dataset.call ?? "";
    sure.showModal();
  }
  else if (mode) act(mode);
  else if (target.closest("#floor-let")) {
    allowed = { operator_id: chosen, call_id: tile()?.dataset.call ?? "" };
    open(allowing, "f-allow-why");
  } else if (target.closest("#floor-leave")) ask("/floor/watch/end");
  else if (target.closest("#floor-phone")) {
    if (phone.line === "off") usePhone();
    else leavePhone();
  }
});
document.getElementById("floor-sure-yes").addEventListener("click", () => {
  sure.close();
  act("take_over", meant);
});


// -- a caller who waits, and one who may be put through ------------------------------------------------------------

let moved = ""; // the call of whom the dialog is about
let allowed = {}; // the operator and the call when the dialog was opened: the next call is not meant

function open(dialog, reason) {
  document.getElementById(reason).value = "";
  dialog.returnValue = "";
  dialog.showModal();
}

moving.addEventListener("close", () => {
  const [where, id] = document.getElementById("f-where").value.split(":");
  const reason = document.getElementById("f-move-why").value;
  if (moving.returnValue === "yes") ask(`/floor/calls/${moved}/move`, { where, id, reason });
});
allowing.addEventListener("close", () => {
  const reason = document.getElementById("f-allow-why").value;
  if (allowing.returnValue === "yes") ask("/floor/let", { ...allowed, reason });
});

board.addEventListener("click", async ({ target }) => {
  const come = target.closest("[data-come]");
  const pick = target.closest("[data-pick]");
  const move = target.closest("[data-move]");
  if (move) {
    moved = move.dataset.move;
    document.getElementById("floor-move-who").textContent = move.dataset.client;
    open(moving, "f-move-why");
  } else if (come) {
    choose(come.dataset.operator);
    await ask(`/floor/help/${come.dataset.come}/answer`);
  } else if (pick) choose(pick.dataset.pick);
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  if (key.startsWith("arrow")) {
    move(event, { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] }[key]);
    return;
  }
  const shown = { h: "[data-come]", m: "[data-move]" }[key];
  const pressed = shown ? board.querySelector(shown) : bar.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!pressed || pressed.disabled) return;
  event.preventDefault();
  if (!event.repeat) pressed.click();
});

/** To the nearest seat that talks, in this direction. */
function move(event, [right, down]) {
  const seats = [...board.querySelectorAll("[data-pick]")];
  if (!seats.length) return;
  const place = (each) => {
    const box = each.closest(".tile").getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const from = seats.find((each) => each.dataset.pick === chosen);
  let next = seats[0];
  if (from) {
    const [x, y] = place(from);
    const far = (each) => {
      const [a, b] = place(each);
      const along = (a - x) * right + (b - y) * down;
      const aside = Math.abs((a - x) * down) + Math.abs((b - y) * right);
      return along > 1 ? along + 3 * aside : Infinity;
    };
    next = seats.reduce((best, each) => (far(each) < far(best) ? each : best), from);
  }
  event.preventDefault();
  choose(next.dataset.pick);
  next.focus({ preventScroll: true });
}

// -- the telephone ----------------------------------------------------------------------------------------------------

async function usePhone() {
  if (!(await phone.openMicrophone())) window.toast(words.no_microphone, "danger");
  const account = await ask("/floor/phone");
  if (!account) return;
  localStorage.setItem("floor-phone", "on");
  // The engine hears of a new account a moment after it was made.
  for (let tries = 0; tries < 5; tries += 1) {
    phone.start(account);
    await registered();
    if (phone.line === "ready") return;
    await new Promise((done) => setTimeout(done, 500));
  }
}

/** Returns when the telephone can be rung, or cannot be. */
function registered() {
  return new Promise((done) => {
    const look = () => {
      if (phone.line === "ready" || phone.line === "failed") {
        phone.removeEventListener("state", look);
        clearTimeout(enough);
        done();
      }
    };
    const enough = setTimeout(() => { phone.removeEventListener("state", look); done(); }, 8000);
    phone.addEventListener("state", look);
    look();
  });
}

function leavePhone() {
  localStorage.removeItem("floor-phone");
  phone.stop();
}

// It rings only because its owner has just pressed a key, or talked when the page was loaded anew: nobody picks up by hand.
phone.addEventListener("ringing", ({ detail }) => {
  if (/^(watch|on)-/.test(detail.call ?? "")) phone.answer();
});
phone.addEventListener("state", () => {
  button.dataset.line = phone.line;
  button.querySelector(".word").textContent = words[`phone_${phone.line}`];
});

document.addEventListener("floor:looked", show);
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => ring.wake());
addEventListener("beforeunload", (event) => {
  if (phone.talking) event.preventDefault();
});
show();
if (localStorage.getItem("floor-phone")) usePhone();
