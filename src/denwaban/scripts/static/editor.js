// The editor of a script. What is typed is kept twice: on the server after a moment, and in this browser at once, so that
// neither a crash nor a lost line costs a word.

const area = document.getElementById("text");
const words = JSON.parse(area.dataset.words);
const script = area.dataset.script;
const state = document.getElementById("saved");
const paper = document.getElementById("paper");
const findings = document.getElementById("findings");
const preview = document.getElementById("preview");
const drawing = document.getElementById("drawing");
const clash = document.getElementById("clash");
const KEEP = `denwaban-script-${script}`;
const AFTER_TYPING = 1200;
const AGAIN = 5000;

const PAGE = crypto.getRandomValues(new Uint8Array(16)).reduce((id, byte) => id + byte.toString(16).padStart(2, "0"), "");
const ASK = 4000;

let draft = area.dataset.base; // the newest draft that this page knows of
let base = area.dataset.base; // the text that what stands here was begun from
let kept = area.value; // what the server has of it
let saving = null;
let timer = 0;
let scenes = [];
let marks = [];

// -- saving -----------------------------------------------------------------------------------------------------------

function tell(name) {
  state.dataset.state = name;
  state.textContent = words[name] ?? "";
}

async function send(method, path, body) {
  return fetch(path, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": area.dataset.csrf },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20000),
  });
}

function remember() {
  try {
    if (area.value === kept) localStorage.removeItem(KEEP);
    else localStorage.setItem(KEEP, JSON.stringify({ text: area.value, base, at: Date.now() }));
  } catch {
    // No room or no permission: the server still gets it.
  }
}

function typed() {
  remember();
  number();
  if (area.value !== kept) tell(saving ? "saving" : "unsaved");
  clearTimeout(timer);
  timer = setTimeout(save, AFTER_TYPING);
  checkSoon();
}

/** Saves until nothing is unsaved; false when it could not. */
async function save() {
  clearTimeout(timer);
  if (saving) return saving.then(save);
  if (area.value === kept) {
    tell("saved");
    return true;
  }
  const text = area.value;
  tell("saving");
  saving = (async () => {
    try {
      const answer = await send("PUT", `/scripts/${script}/draft`, { text, base });
      if (answer.status === 409) return contradicted(text, (await answer.json()).aside);
      if (answer.status === 401 || answer.status === 403) return failed(words.signed_out, false);
      if (answer.status === 422) return failed((await answer.json()).problem, false);
      if (!answer.ok) return failed(words.failed);
      return accepted(text, await answer.json());
    } catch {
      return failed(words.failed);
    }
  })();
  const done = await saving;
  saving = null;
  if (done && area.value !== kept) return save();
  return done;
}

function accepted(text, answer) {
  kept = text;
  base = answer.sent;
  draft = answer.draft;
  if (answer.merged && area.value === text) {
    replace(answer.text);
    kept = answer.text;
    base = answer.draft;
  } else if (!answer.merged) {
    base = answer.draft;
  }
  const seen = document.getElementById("delete-base");
  if (seen) seen.value = answer.draft;
  tell(area.value === kept ? "saved" : "unsaved");
  if (answer.merged) window.toast(words.merged);
  remember();
  return true;
}

/** Another text in place of this one, with the cursor where it was. */
function replace(text) {
  const before = area.value;
  let same = 0;
  while (same < before.length && before[same] === text[same]) same += 1;
  let { selectionStart: from, selectionEnd: to } = area;
  const top = area.scrollTop;
  const more = text.length - before.length;
  if (from > same) {
    from = Math.max(same, from + more);
    to = Math.max(same, to + more);
  }
  area.value = text;
  area.setSelectionRange(from, to);
  area.scrollTop = top;
  number();
  checkSoon();
}

// -- who else is here -------------------------------------------------------------------------------------------------

const company = document.getElementById("company");
const called = (name) => (name ? words.san.replace("{name}", name) : words.somebody);

async function ask() {
  if (area.readOnly) return; // two texts wait to be compared
  let answer;
  const knew = draft;
  try {
    const response = await send("POST", `/scripts/${script}/present`, { page: PAGE, draft });
    if (!response.ok) return;
    answer = await response.json();
  } catch {
    return; // saving tells when the server is away
  }
  const told = answer.others.length
    ? words.with.replace("{names}", answer.others.map(called).join("、"))
    : answer.elsewhere ? words.elsewhere : "";
  if (company.textContent !== told) company.textContent = told;
  company.hidden = !told;
  // Our own save may have been on its way meanwhile: then its answer tells.
  if (saving || draft !== knew || answer.draft === draft) return;
  if (!answer.draft) {
    draft = "";
    if (knew) window.toast(words.gone);
  } else if (area.value === kept) {
    draft = base = answer.draft;
    const same = area.value === answer.text;
    replace(answer.text);
    kept = area.value;
    if (!same) window.toast(words.taken_in.replace("{name}", called(answer.by)));
  } else {
    window.toast(words.joining.replace("{name}", called(answer.by)));
    save();
  }
}

setInterval(ask, ASK);
addEventListener("pagehide", () => {
  fetch(`/scripts/${script}/leave`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": area.dataset.csrf },
    body: JSON.stringify({ page: PAGE }),
    keepalive: true,
  });
});
addEventListener("pageshow", ask);

function contradicted(text, aside) {
  // What was sent lies on the server; what was typed since stays here until it is decided.
  clash.querySelector("a").href = `/scripts/${script}/clash/${aside}`;
  clash.hidden = false;
  state.dataset.state = "failed";
  state.textContent = words.clash;
  kept = text;
  remember();
  area.readOnly = true;
  return false;
}

function failed(text, again = true) {
  state.dataset.state = "failed";
  state.textContent = text;
  if (again) timer = setTimeout(save, AGAIN);
  return false;
}

addEventListener("beforeunload", (event) => {
  if (area.value !== kept) event.preventDefault();
});
addEventListener("online", save);
document.addEventListener("visibilitychange", () => document.hidden && save());

// What is published is what is saved.
for (const link of document.querySelectorAll("#onward, .editor-head .drop-menu a")) {
  link.addEventListener("click", async (event) => {
    if (area.value === kept) return;
    event.preventDefault();
    if (await save()) location.assign(link.href);
  });
}

// -- after a crash ----------------------------------------------------------------------------------------------------

function left() {
  try {
    const found = JSON.parse(localStorage.getItem(KEEP));
    return found && typeof found.text === "string" && found.text !== area.value ? found : null;
  } catch {
    return null;
  }
}

const rest = left();
if (rest) {
  const room = document.getElementById("recover");
  room.hidden = false;
  document.getElementById("recover-take").addEventListener("click", () => {
    room.hidden = true;
    base = rest.base;
    area.value = rest.text;
    typed();
    area.focus();
  });
  document.getElementById("recover-drop").addEventListener("click", () => {
    room.hidden = true;
    localStorage.removeItem(KEEP);
  });
} else {
  localStorage.removeItem(KEEP);
}

// -- line numbers -----------------------------------------------------------------------------------------------------

function number() {
  const lines = area.value.split("\n");
  while (paper.children.length > lines.length) paper.lastChild.remove();
  while (paper.children.length < lines.length) paper.append(document.createElement("div"));
  for (let at = 0; at < lines.length; at += 1) {
    const row = paper.children[at];
    if (row.textContent !== lines[at]) row.textContent = lines[at];
  }
  // As wide as the text itself, whatever the scroll bar takes.
  paper.style.width = `${area.clientWidth}px`;
}

function mark() {
  for (const [line] of marks) paper.children[line - 1]?.classList.remove("error", "warning");
  for (const [line, level] of marks) {
    const row = paper.children[line - 1];
    if (row && !row.classList.contains("error")) row.classList.add(level);
  }
}

const follow = () => {
  paper.style.transform = `translateY(${-area.scrollTop}px)`;
};
area.addEventListener("scroll", follow, { passive: true });
new ResizeObserver(number).observe(area);

function lineOfCursor() {
  return area.value.slice(0, area.selectionStart).split("\n").length;
}

function goTo(line) {
  const lines = area.value.split("\n");
  const at = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(at, at + (lines[line - 1] ?? "").length);
  const row = paper.children[line - 1];
  if (row) area.scrollTop = Math.max(0, row.offsetTop - area.clientHeight / 3);
  follow();
  look();
}

document.addEventListener("click", (event) => {
  const place = event.target.closest?.("[data-line]");
  if (place && place !== area) goTo(Number(place.dataset.line));
});

// -- lint, the scene, the drawing -------------------------------------------------------------------------------------

let checking = 0;
let asked = 0;

function checkSoon(after = 350) {
  clearTimeout(checking);
  checking = setTimeout(check, after);
}

async function check() {
  clearTimeout(checking);
  asked += 1;
  const mine = asked;
  let answer;
  try {
    const response = await send("POST", `/scripts/${script}/check`, { text: area.value, line: lineOfCursor() });
    if (!response.ok) throw new Error(String(response.status));
    answer = await response.json();
  } catch {
    if (mine === asked) document.getElementById("counts").textContent = words.unchecked;
    return false;
  }
  if (mine !== asked) return false;
  findings.innerHTML = answer.findings;
  for (const [line] of marks) paper.children[line - 1]?.classList.remove("error", "warning");
  marks = answer.lines;
  mark();
  const counts = document.getElementById("counts");
  counts.textContent = "";
  for (const [count, kind] of [[answer.errors, "danger"], [answer.warnings, "amber"]]) {
    if (!count) continue;
    const badge = document.createElement("span");
    badge.className = `badge ${kind}`;
    badge.textContent = `${kind === "danger" ? "✕" : "▲"} ${count}`;
    counts.append(badge, " ");
  }
  preview.classList.toggle("stale", !answer.preview);
  if (answer.preview) {
    scenes = answer.scenes;
    preview.innerHTML = answer.preview;
    const { scrollLeft, scrollTop } = drawing;
    drawing.innerHTML = answer.drawing;
    drawing.scrollTo(scrollLeft, scrollTop);
    drawing.querySelector(`[data-node="${CSS.escape(answer.node)}"]`)?.classList.add("here");
  }
  return true;
}

let sceneSeen = -1;

/** When the cursor comes into another scene, that one is shown. */
function look() {
  const line = lineOfCursor();
  const at = scenes.filter((begins) => begins <= line).length;
  if (at === sceneSeen) return;
  sceneSeen = at;
  checkSoon(120);
}
for (const name of ["keyup", "click"]) area.addEventListener(name, look);

// -- keys and tabs ----------------------------------------------------------------------------------------------------

document.addEventListener("keydown", async (event) => {
  if (event.isComposing || !(event.ctrlKey || event.metaKey)) return;
  if (event.key.toLowerCase() === "s") {
    event.preventDefault();
    if (await save()) window.toast(words.saved);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (await check()) window.toast(words.checked);
  }
});
document.getElementById("save").addEventListener("click", save);
document.getElementById("check").addEventListener("click", async () => {
  if (await check()) window.toast(words.checked);
});

const tabs = [...document.querySelectorAll("[role=tab]")];
function show(tab) {
  for (const each of tabs) {
    const on = each === tab;
    each.setAttribute("aria-selected", String(on));
    each.tabIndex = on ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !on;
  }
}
for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
    show(other);
    other.focus();
  });
}

area.addEventListener("input", typed);
number();
check();
const first = Number(area.dataset.line);
if (first > 1) goTo(first);
