// Walking a script without a telephone. The server says what the screen shows; this page remembers the walk: the choices in
// the address (after #, so they are sent nowhere), the answers nowhere but here.

import { Aids } from "../console/aids.js";
import { press, typingIn } from "../console/keys.js";

const root = document.getElementById("rehearsal");
const words = JSON.parse(root.dataset.words);
const csrf = document.querySelector('meta[name="csrf-token"]').content;
const here = location.pathname;
const practising = root.dataset.kind === "practice";
const keep = document.getElementById("keep");
const calling = document.getElementById("ring");

const middle = () => document.getElementById("seat-middle");
let state = JSON.parse(middle().dataset.state);

// -- the walk in the address: r for a regular caller, n for the one way on, digits for branches, (node) for a jump -------

const written = ({ regular, choices }) =>
  `#${regular ? "r" : ""}${choices.map((one) => (one === "next" ? "n" : one.startsWith(">") ? `(${one.slice(1)})` : one)).join("")}`;

function readAddress() {
  const text = location.hash.slice(1);
  if (!/^r?([n0-9]|\([a-z][a-z0-9_]*\))*$/.test(text)) return null;
  return {
    regular: text.startsWith("r"),
    choices: (text.replace(/^r/, "").match(/[n0-9]|\([^)]*\)/g) ?? []).map((one) =>
      one === "n" ? "next" : one.startsWith("(") ? `>${one.slice(1, -1)}` : one,
    ),
  };
}

// -- speaking with the server --------------------------------------------------------------------------------------------

async function post(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json", "HX-Request": "true" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15000),
  });
}

// One after another; a key pressed twice on one node is one step.
let line = Promise.resolve();

function step(change, at = middle()) {
  line = line.then(async () => {
    if (at !== middle()) return;
    const typed = collected();
    const wanted = { ...state, load: "", ...change(state), answers: typed };
    let answer;
    try {
      answer = await post(here, wanted);
    } catch {
      window.toast(words.away);
      return;
    }
    if (!answer.ok) {
      // What stands in the address may be of a text that was changed since.
      if (answer.status === 409 && state.choices.length) location.assign(here);
      return;
    }
    root.innerHTML = await answer.text();
    state = JSON.parse(middle().dataset.state);
    if (!practising) {
      sessionStorage.setItem(`rehearsal ${here}`, JSON.stringify(state.seen));
      if (location.hash !== written(state)) history.pushState(null, "", written(state));
    }
    settle();
  });
  return line;
}

/** The answers of the walk, with what stands in the fields now. */
function collected() {
  const answers = { ...state.answers };
  for (const field of middle().querySelectorAll("[data-answer]")) {
    answers[field.dataset.answer] = field.type === "checkbox" ? (field.checked ? "yes" : "no") : field.value;
  }
  return answers;
}

function settle() {
  fillAids();
  tick();
  if (document.getElementById("seat-panel").open) return;
  const first = middle().querySelector("[data-answer]:not([type=checkbox])");
  (first ?? middle()).focus({ preventScroll: true });
  root.classList.toggle("typing", typingIn(document.activeElement));
}

// -- acts ----------------------------------------------------------------------------------------------------------------

const go = (choice) => step((now) => ({ choices: [...now.choices, choice] }));
const back = () => step((now) => ({ choices: now.choices.slice(0, -1) }));
const again = () => begin(false);
const begin = (regular) => {
  state.answers = {};
  for (const field of middle().querySelectorAll("[data-answer]")) field.removeAttribute("data-answer");
  return step(() => ({ choices: [], plan: [], regular, following: "" }));
};
const load = (key) => step(() => ({ choices: [], plan: [], load: key }));

async function finish() {
  await line;
  const { choices } = state;
  let answer;
  try {
    answer = await post(`${here}/finish`, { choices, answers: collected() });
  } catch {
    window.toast(words.away);
    return;
  }
  if (answer.ok) location.assign(here);
}

/** The walk that the acts are about: to its end, where one is stepped through. */
function whole() {
  const following = state.plan.length && state.choices.every((one, place) => one === state.plan[place]);
  return { choices: following ? state.plan : state.choices, answers: collected(), regular: state.regular, following: following ? state.following : "" };
}

// -- a caller who rings --------------------------------------------------------------------------------------------------

/** Whose seat may ring now is asked when somebody wants to ring. */
async function choose() {
  const seats = calling.querySelector("[name=operator_id]");
  const told = calling.querySelector(".error");
  told.hidden = true;
  calling.showModal();
  let found = [];
  try {
    const answer = await fetch("/practice/seats", { signal: AbortSignal.timeout(15000) });
    if (answer.ok) found = (await answer.json()).seats;
  } catch {
    told.textContent = words.away;
    told.hidden = false;
  }
  seats.replaceChildren(...found.map(({ id, name }) => new Option(name, id)));
  calling.querySelector("[data-nobody]").hidden = found.length > 0;
  seats.disabled = calling.querySelector("button.primary").disabled = !found.length;
}

calling?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = calling.querySelector(".error");
  const caller = keep?.querySelector("[name=caller]")?.value ?? "";
  const operator = event.target.elements.operator_id.value;
  try {
    const answer = await post(`${here}/call`, { walk: whole(), caller, operator });
    if (answer.ok) {
      calling.close();
      window.toast(words.ringing);
      return;
    }
    told.textContent = (await answer.json()).problem;
  } catch {
    told.textContent = words.away;
  }
  told.hidden = false;
});

// -- what stands beside the script: kept with the answers of this walk, as at the seat -----------------------------------

function mark({ said, mood, refused }) {
  const { answers } = state;
  if (said) answers["report.said"] = [...(answers["report.said"] ?? "").split("\n").filter(Boolean), said].join("\n");
  if (mood !== undefined) answers["report.mood"] = mood;
  if (refused !== undefined) answers["report.refused"] = refused ? "yes" : "no";
  return step(() => ({}));
}

const aids = new Aids({ mark, jump: (node) => go(`>${node}`), back: settle });

/** The panel stays open over a step: what is in it changes. */
function fillAids() {
  const made = document.getElementById("walking-aids");
  document.getElementById("seat-aids").replaceChildren(made.content.cloneNode(true));
}

keep?.querySelector("[data-keep]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const told = form.querySelector(".error");
  told.hidden = true;
  try {
    const answer = await post(`/scripts/${root.dataset.script}/examples`, {
      walk: whole(),
      base: root.dataset.base,
      name: form.elements.name.value,
      caller: form.elements.caller.value,
    });
    const body = await answer.json();
    if (answer.ok) {
      root.dataset.base = body.draft;
      keep.close();
      form.reset();
      window.toast(words.kept);
      step(() => ({}));
      return;
    }
    told.textContent = body.problem;
  } catch {
    told.textContent = words.away;
  }
  told.hidden = false;
});

/** A time from now, on the next quarter of an hour. Times are Tokyo's. */
function soon(field, when) {
  const input = document.getElementById(`a-${field}`);
  const quarter = 15 * 60000;
  const at = when === "tomorrow" ? Date.now() + 24 * 3600000 : Math.ceil((Date.now() + Number(when) * 60000) / quarter) * quarter;
  const text = new Date(at + 9 * 3600000).toISOString().slice(0, 16);
  input.value = when === "tomorrow" ? `${text.slice(0, 10)}T10:00` : text;
}

root.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  let found;
  if ((found = at("[data-go]"))) go(found.dataset.go);
  else if (at("[data-back]")) back();
  else if (at("[data-again]")) again();
  else if (at("[data-finish]")) finish();
  else if ((found = at("[data-load]"))) load(found.dataset.load);
  else if (at("[data-ring]")) choose();
  else if ((found = at("[data-said]"))) mark({ said: found.dataset.said });
  else if (at("[data-regular]")) begin(!state.regular);
  else if ((found = at("[data-soon]"))) soon(found.dataset.soonFor, found.dataset.soon);
});

document.addEventListener("focusin", () => root.classList.toggle("typing", typingIn(document.activeElement)));
document.addEventListener("focusout", () => root.classList.remove("typing"));
document.addEventListener(
  "keydown",
  (event) => {
    if (!keep?.open && !calling?.open) press(event, { elsewhere: { open: false }, middle, answer() {}, send() {}, go });
  },
  true,
);

addEventListener("popstate", () => {
  const wanted = practising ? null : readAddress();
  if (wanted && written(wanted) !== written(state)) step(() => wanted);
});

/** How long the practice has lasted. */
function tick() {
  const clock = root.querySelector("time[data-since]");
  if (!clock) return;
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000));
  clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

if (practising) setInterval(tick, 1000);
if (!practising) {
  state.seen = JSON.parse(sessionStorage.getItem(`rehearsal ${here}`) ?? "[]");
  const wanted = readAddress();
  if (wanted?.choices.length || state.seen.length) step(() => wanted ?? {});
  else settle();
} else settle();
