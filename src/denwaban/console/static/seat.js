// The operator's seat. The server says what the screen shows; this file carries keys, text and sound.

import { Identity } from "../disclosure/identity.js";
import { Aids } from "./aids.js";
import { Answers } from "./answers.js";
import { Care } from "./care.js";
import { typingIn, press } from "./keys.js";
import { Phone } from "./phone.js";
import { Question } from "./question.js";
import { Ring } from "./ring.js";
import { Search } from "./search.js";

const root = document.getElementById("seat");
const words = JSON.parse(root.dataset.words);
const alarmRoom = document.getElementById("seat-alarm");
const elsewhere = document.getElementById("seat-elsewhere");

const phone = new Phone(document.getElementById("seat-voice"));
const ring = new Ring();

// A reload keeps the page's name, a duplicated tab does not: it is only left behind on the way out.
const page = sessionStorage.getItem("seat-page") ?? root.dataset.page;
sessionStorage.removeItem("seat-page");
addEventListener("pagehide", () => sessionStorage.setItem("seat-page", page));

let opened = ""; // the call whose report is wanted: "" the newest, "none" none
let mine = false; // this page holds the seat
let meant = ""; // the call that was hung up here while the program was away, which does not know that it was meant
let rangAt = 0;

const middle = () => document.getElementById("seat-middle");
const stage = () => middle().dataset.stage;

// -- speaking with the server -----------------------------------------------------------------------------------------

class Refused extends Error {
  constructor(status, body) {
    super(`${status}`);
    this.status = status;
    this.body = body;
  }
}

async function request(method, path, body) {
  const have = [...document.querySelectorAll("[data-key]")]
    .map((piece) => `${piece.id.replace("seat-", "")}:${piece.dataset.key}`)
    .join(",");
  const headers = { "X-CSRF-Token": root.dataset.csrf, "X-Seat-Have": have, "X-Seat-Open": opened, "HX-Request": "true" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(15000),
  });
  if (answer.status === 401) alarm("signed_out", true);
  if (answer.status >= 500) throw new TypeError(`server ${answer.status}`);
  return answer;
}

async function json(answer) {
  return (answer.headers.get("content-type") ?? "").includes("json") ? answer.json() : {};
}

// Everything that changes the screen goes one after another, so that an older picture never covers a newer one.
let line = Promise.resolve();

function screen(method, path, body) {
  const turn = line.then(async () => {
    const answer = await request(method, path, body);
    if (!answer.ok) throw new Refused(answer.status, await json(answer));
    knows = Number(answer.headers.get("X-Seat-Knows")) || knows;
    await show(await answer.text());
    return answer;
  });
  line = turn.catch(() => {});
  return turn;
}

async function show(html) {
  const before = middle().dataset.key;
  await swap(html);
  settle(middle().dataset.key !== before);
}

/** Puts pieces into their places. */
function swap(html) {
  return htmx.swap({ text: html, sourceElement: root, target: root, swap: "none" });
}

let wanted = false;
let anyway = false; // wanted whatever the screen knows
let told = 0; // the newest fact about this seat that we heard of
let knows = 0; // the screen knows of every fact up to this one

function refresh() {
  anyway = true;
  return look();
}

/** A fact about this seat. Several come together as a rule: a screen that was on its way has the later ones too. */
function hear({ lastEventId }) {
  told = Math.max(told, Number(lastEventId));
  look();
}

async function look() {
  if (wanted) return; // one is already waiting for its turn and will see this too
  wanted = true;
  await line;
  wanted = false;
  if (!anyway && told <= knows) return;
  anyway = false;
  try {
    await screen("GET", "/seat/parts");
  } catch (error) {
    if (!(error instanceof Refused)) setTimeout(refresh, 1000);
  }
}

let refreshing = 0;

/** For what is not ours: now and then, however busy the floor is, and not at the same moment as two hundred other seats.
 *  Who talks can wait a little longer. */
function refreshSoon() {
  const [least, most] = stage() === "talking" ? [1500, 4000] : [500, 1500];
  refreshing ||= setTimeout(() => {
    refreshing = 0;
    refresh();
  }, least + Math.random() * (most - least));
}

const answers = new Answers(async (call, field, value, counter) => {
  const path = `/seat/calls/${call}/answers/${encodeURIComponent(field)}`;
  const same = document.getElementById(`a-${field}`)?.dataset.same === value;
  const answer = await request("PUT", path, { value, counter, same });
  return { status: answer.status, body: await json(answer) };
});
answers.addEventListener("state", showSaved);
answers.addEventListener("saved", ({ detail }) => {
  const subject = document.getElementById("report-subject");
  if (subject && detail.subject) subject.textContent = detail.subject;
  const routing = document.getElementById("report-routing");
  if (routing && detail.routing) routing.textContent = detail.routing;
  // Whom the rules name now, unless the operator has chosen.
  const to = document.getElementById("a-report.in_charge");
  if (to && detail.in_charge && to.dataset.counter === "0") to.value = detail.in_charge;
});

function showSaved() {
  const room = document.getElementById("seat-saved");
  if (!room) return;
  const text = { clean: words.saved, dirty: words.saving, failed: words.unsaved };
  room.textContent = text[answers.state] ?? "";
  room.classList.toggle("bad", answers.state === "failed");
}

// -- the live stream --------------------------------------------------------------------------------------------------

let stream = null;
let lost = 0;

function listen() {
  stream = new EventSource(`/seat/live?page=${page}&after=${root.dataset.after}`);
  stream.addEventListener("open", () => {
    clearTimeout(lost);
    lost = 0;
    alarm("away", false);
    told = 0; // it may be another journal: the database was put back
    refresh();
  });
  stream.addEventListener("error", () => {
    lost ||= setTimeout(() => alarm("away", true), 2000);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
  stream.addEventListener("seat", hear);
  stream.addEventListener("queue", ({ data }) => swap(data));
  stream.addEventListener("client", refreshSoon);
  stream.addEventListener("taken", ({ data }) => {
    if (data !== page && mine) letGo(words.taken, words.taken_hint);
  });
}

const search = new Search({
  request,
  call: () => middle().dataset.call ?? "",
  may: () => stage() !== "ringing" && !elsewhere.open,
  back: focusNext,
  away: words.away,
  leap: jump,
  choose: sayWho,
});

new Question({ request, call: () => (stage() === "talking" ? middle().dataset.call : ""), back: focusNext });

const care = new Care({ act: put, refresh, back: focusNext });
const identity = new Identity({ request, call: () => (stage() === "talking" ? middle().dataset.call : ""), back: focusNext, changed: refresh });

const aids = new Aids({
  mark: tell,
  jump,
  back: focusNext,
  ask: (who) => control("/seat/ask", who),
  promise,
  keys: (digits) => control("/seat/keys", { digits }),
});

const alarms = new Set();

function alarm(name, on) {
  if (on) alarms.add(name);
  else alarms.delete(name);
  alarmRoom.hidden = alarms.size === 0;
  alarmRoom.textContent = [...alarms].map((each) => words[each]).join(" ");
}

// -- who holds the seat -----------------------------------------------------------------------------------------------

async function claim(force) {
  let answer;
  try {
    // A page without a call that the floor takes for talking was loaded anew: the talk is brought here.
    answer = await request("POST", "/seat/claim", { page, force, fresh: phone.call === null });
  } catch {
    setTimeout(() => claim(force), 2000);
    return;
  }
  if (answer.status === 409) {
    letGo(words.elsewhere, words.elsewhere_hint);
    return;
  }
  if (!answer.ok) return;
  mine = true;
  elsewhere.close();
  const account = await answer.json();
  if (localStorage.getItem("seat-phone") !== "off") {
    phone.start(account);
    phone.openMicrophone();
  }
  refresh();
}

function letGo(title, hint) {
  mine = false;
  phone.stop();
  ring.stop();
  elsewhere.querySelector("h2").textContent = title;
  elsewhere.querySelector("p").textContent = hint;
  if (!elsewhere.open) elsewhere.showModal();
}

elsewhere.addEventListener("cancel", (event) => event.preventDefault());
document.getElementById("seat-take").addEventListener("click", () => claim(true));

// -- telephone and ring -----------------------------------------------------------------------------------------------

phone.addEventListener("ringing", ({ detail }) => {
  // The talk of the page before this one goes on here.
  if (detail.call.startsWith("on-")) phone.answer();
  refresh();
});
phone.addEventListener("gone", ({ detail }) => {
  const told = { media: words.lost, engine: words.cut }[detail.why];
  if (told) window.toast(told, "danger");
  refresh();
});
phone.addEventListener("state", showPhone);

let claimedAgain = 0;

function showPhone() {
  const use = localStorage.getItem("seat-phone") !== "off";
  mark("seat-phone", phone.line, words[`phone_${use ? phone.line : "off"}`]);
  mark("seat-microphone", phone.microphone, words[`microphone_${phone.microphone}`]);
  document.getElementById("seat-microphone").hidden = !use;
  if (phone.line === "failed" && mine && !claimedAgain) {
    // The account may have changed: ask for it again, now and then.
    claimedAgain = setTimeout(() => {
      claimedAgain = 0;
      if (phone.line === "failed" && mine) claim(true);
    }, 10000);
  }
  showOther();
}

function mark(id, state, word) {
  const button = document.getElementById(id);
  button.dataset.line = state;
  button.querySelector(".word").textContent = word;
}

/** Rings at the seat but not in this page: the SIP phone. Told after a moment, the two do not ring at the same instant. */
function showOther() {
  const hint = document.getElementById("seat-other-phone");
  if (!hint) return;
  hint.hidden = phone.call !== null || performance.now() - rangAt < 1200;
  document.getElementById("seat-answer").hidden = !hint.hidden;
  if (hint.hidden && phone.call === null) setTimeout(showOther, 300);
}

let meter = 0;

function listenToLevel() {
  if (meter || !phone.stream || !ring.audible) return;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  let source = phone.stream;
  context.createMediaStreamSource(source).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  meter = setInterval(() => {
    if (phone.stream !== source) {
      clearInterval(meter);
      meter = 0;
      context.close();
      listenToLevel();
      return;
    }
    analyser.getFloatTimeDomainData(wave);
    const peak = wave.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    const bar = document.querySelector("#seat-microphone .level i");
    if (bar) bar.style.transform = `scaleX(${Math.min(1, Math.sqrt(peak)).toFixed(2)})`;
  }, 250);
}

// -- after every change of the screen ---------------------------------------------------------------------------------

function settle(moved) {
  const now = stage();
  if (now === "ringing") {
    if (!rangAt) rangAt = performance.now();
    ring.start(`${words.ringing}: ${middle().dataset.client}`, words.ringing);
    opened = "";
    aids.close();
    search.close(); // Enter is to answer now
    showOther();
  } else {
    rangAt = 0;
    ring.stop();
    if (now === "talking") opened = "";
  }
  if (now !== "talking") aids.close();
  else if (meant && meant === middle().dataset.call) control("/seat/hang-up", {});
  meant = "";
  care.settle(now === "talking");
  identity.settle();
  showMemo(now);
  search.settle();
  if (moved && !document.querySelector("dialog[open]")) focusNext();
  showSaved();
  const ask = document.getElementById("seat-notify");
  if (ask) ask.hidden = window.Notification?.permission !== "default";
}

/** What is jotted down stands beside every scene; a new call begins an empty page. */
function showMemo(now) {
  const memo = document.getElementById("seat-memo");
  document.getElementById("seat-memo-room").hidden = now !== "talking";
  const { call, memo: text, memoCounter } = middle().dataset;
  if (now !== "talking" || memo.dataset.call === call) return;
  memo.dataset.call = call;
  memo.dataset.counter = memoCounter;
  memo.value = text;
}

/** Focus is where the next word goes: the first empty field, else the middle itself, so that single keys act. */
function focusNext() {
  const room = middle();
  const fields = [...room.querySelectorAll("[data-answer]:not([type=radio], [type=checkbox])")];
  const must = now() === "report" ? fields.filter((field) => /who|what_for|done/.test(field.id)) : fields;
  const next = must.find((field) => !field.value.trim());
  room.tabIndex = -1;
  (next ?? (now() === "report" ? room.querySelector("[data-send]") : room)).focus({ preventScroll: true });
  function now() {
    return room.dataset.stage;
  }
}

// -- acts -------------------------------------------------------------------------------------------------------------

const going = new Set();

/** A key pressed twice acts once: while an act of this name goes on, it is not begun again. Others wait their turn. */
async function act(name, work) {
  if (going.has(name)) return;
  going.add(name);
  root.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) {
      if (error.body.problem) window.toast(error.body.problem, "danger");
      refresh();
    } else {
      window.toast(words.away, "danger");
    }
  } finally {
    going.delete(name);
    if (!going.size) root.removeAttribute("aria-busy");
  }
}

const way = () => `/seat/calls/${middle().dataset.call}`;

function go(choice) {
  act("step", async () => {
    if (await answers.flush()) await screen("POST", `${way()}/go`, { at: middle().dataset.node, choice });
    else focusWrong();
  });
}

function goBack() {
  act("step", async () => {
    await answers.flush();
    await screen("POST", `${way()}/back`, { at: middle().dataset.node });
  });
}

/** What is told of the call beside its script. */
function tell(values) {
  act("mark", async () => {
    await answers.flush();
    await screen("POST", `${way()}/mark`, values);
  });
}

function promise(when) {
  act("promise", async () => {
    await answers.flush();
    await screen("POST", `${way()}/promise`, { when });
    window.toast(words.promised);
  });
}

function jump(to) {
  act("step", async () => {
    if (await answers.flush()) await screen("POST", `${way()}/jump`, { at: middle().dataset.node, to });
    else focusWrong();
  });
}

/** It has come out who calls. What is known of them is filled in, so what was typed goes first. */
function sayWho(person) {
  act("person", async () => {
    if (await answers.flush()) await screen("POST", `${way()}/person`, { person });
    else focusWrong();
  });
}

/** What the caller said last time stands here too; nobody asked. */
function takeOver(button) {
  const input = document.getElementById(`a-${button.dataset.same}`);
  input.value = button.dataset.value;
  input.dataset.same = button.dataset.value;
  button.disabled = true;
  answers.typed(input, middle().dataset.call);
  focusNext();
}

function focusWrong() {
  middle().querySelector('[aria-invalid="true"]')?.focus();
  if (answers.state === "failed") window.toast(words.unsaved, "danger");
}

/** A practice caller rings the way any caller does; the seat hears of it like of any other call. */
function practise() {
  act("practice", async () => {
    const answer = await fetch("/practice", {
      method: "POST",
      headers: { "X-CSRF-Token": root.dataset.csrf, "HX-Request": "true" },
      body: new URLSearchParams({ story: "" }),
    });
    window.toast(answer.ok ? words.practice : words.no_practice, answer.ok ? "" : "danger");
  });
}

async function answer() {
  if (performance.now() - rangAt < 350) return; // a key meant for what stood here before
  ring.wake();
  if (!(await phone.answer())) showOther();
}

function send() {
  act("send", async () => {
    if (!(await answers.flush())) return focusWrong();
    try {
      await screen("POST", `${way()}/report`, {});
    } catch (error) {
      if (error.status !== 422) throw error;
      return showProblems(error.body.problems, error.body.reason);
    }
    opened = "";
    window.toast(words.sent);
  });
}

/** `reason`: only warnings are left, and the report may go out with a reason. */
function showProblems(problems, reason) {
  const room = document.getElementById("report-problems");
  const list = document.createElement("ul");
  for (const [field, sentence] of problems) {
    const item = document.createElement("li");
    const target = field && document.getElementById(`a-${field}`);
    const text = target ? document.createElement("a") : document.createElement("span");
    if (target) text.href = `#a-${field}`;
    text.textContent = sentence;
    item.append(text);
    list.append(item);
  }
  const title = document.createElement("strong");
  title.textContent = words.missing;
  room.replaceChildren(title, list);
  room.hidden = false;
  if (reason) document.getElementById("report-reason").hidden = false;
  const first = problems.map(([field]) => field && document.getElementById(`a-${field}`)).find(Boolean);
  const field = first?.matches("fieldset") ? first.querySelector("input") : first;
  (field ?? room).focus();
}

function later() {
  act("later", async () => {
    await answers.flush();
    opened = "none";
    await screen("POST", "/seat/state", { state: "ready" });
  });
}

function notAsked(field) {
  const input = document.getElementById(`a-${field}`);
  if (input.tagName === "SELECT") input.add(new Option(words.not_asked, words.not_asked));
  else if (input.type === "datetime-local") input.type = "text";
  input.value = words.not_asked;
  answers.typed(input, middle().dataset.call);
}

/** A time from now as it is `given` for business hours, else on the next quarter of an hour: nobody promises 15:07. `tomorrow` is ten in the morning. Times are Tokyo's. */
function soon(field, when, given) {
  const input = document.getElementById(`a-${field}`);
  const quarter = 15 * 60000;
  const at = when === "tomorrow" ? Date.now() + 24 * 3600000 : Math.ceil((Date.now() + Number(when) * 60000) / quarter) * quarter;
  let text = new Date(at + 9 * 3600000).toISOString().slice(0, 16);
  if (when === "tomorrow") text = `${text.slice(0, 10)}T10:00`;
  input.value = given ?? text;
  answers.typed(input, middle().dataset.call);
}

/** Tells the server, and answers whether it took it; what it says otherwise is shown. */
async function put(path, value) {
  let taken = false;
  await act(path, async () => {
    await screen("POST", path, value);
    taken = true;
  });
  return taken;
}

function control(path, value) {
  act(path, async () => {
    try {
      await screen("POST", path, value);
    } catch (error) {
      if (error instanceof Refused) {
        if (error.body.wanted) aids.open("pass");
        throw error;
      }
      // The program is away but the call is not: what this page can do alone, it does.
      if (path.endsWith("hang-up")) {
        meant = middle().dataset.call;
        phone.hangUp();
      } else if (path.endsWith("mute")) {
        phone.mute(value.on);
        window.toast(words.muted_here);
      } else throw error;
    }
  });
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  let found;
  if ((found = at("[data-act]"))) control(found.dataset.act, JSON.parse(found.dataset.value));
  else if ((found = at("[data-go]"))) go(found.dataset.go);
  else if ((found = at("[data-said]"))) tell({ said: found.dataset.said });
  else if (at("[data-back]")) goBack();
  else if (at("[data-send]")) send();
  else if (at("[data-later]")) later();
  else if (at("#seat-answer")) answer();
  else if ((found = at("[data-same]:is(button)"))) takeOver(found);
  else if ((found = at("[data-not-asked]"))) notAsked(found.dataset.notAsked);
  else if ((found = at("[data-soon]"))) soon(found.dataset.soonFor, found.dataset.soon, found.dataset.soonAt);
  else if ((found = at("[data-report]"))) {
    opened = found.dataset.report;
    answers.flush().then(refresh);
  } else if (at("#seat-phone")) {
    localStorage.setItem("seat-phone", localStorage.getItem("seat-phone") === "off" ? "on" : "off");
    phone.stop();
    claim(true);
  } else if (at("#seat-microphone")) phone.openMicrophone();
  else if (at("#seat-practice")) practise();
  else if (at("#seat-memo-open")) document.getElementById("seat-memo").focus();
  else if (at("#seat-notify")) Notification.requestPermission().then(() => settle(false));
});

document.addEventListener("input", ({ target }) => {
  if (target.dataset?.answer) answers.typed(target, middle().dataset.call);
});
document.addEventListener("change", ({ target }) => {
  if (target.dataset?.answer) answers.typed(target, middle().dataset.call);
});
document.addEventListener("focusout", ({ target }) => {
  if (target.dataset?.answer) answers.flush();
  if (target.hasAttribute?.("data-phone")) checkNumber(target);
});

/** A hint, never a hurdle: callers give numbers in every form. */
function checkNumber(input) {
  const room = document.getElementById(`e-${input.dataset.answer}`);
  if (!room || input.getAttribute("aria-invalid")) return;
  const digits = input.value.normalize("NFKC").replace(/[^0-9]/g, "");
  const odd = input.value.trim() && input.value !== words.not_asked && (digits.length < 3 || digits.length > 15);
  room.textContent = odd ? words.bad_phone : "";
  room.hidden = !odd;
}

document.addEventListener("focusin", () => document.body.classList.toggle("typing", typingIn(document.activeElement)));
document.addEventListener("focusout", () => document.body.classList.remove("typing"));
document.addEventListener("keydown", (event) => press(event, { elsewhere, middle, answer, send, go }), true);

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    ring.wake();
    setTimeout(listenToLevel, 500);
  });
}

addEventListener("beforeunload", (event) => {
  if (phone.talking || answers.pending) event.preventDefault();
});

listen();
claim(false);
settle(true);
showPhone();
