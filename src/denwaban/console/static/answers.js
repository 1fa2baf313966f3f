// What is typed is kept as it is typed: a quarter of a second after the last key, at once when a field is left.
//
// Each field has a counter that only grows (the time in milliseconds, or one more than the last seen), so that a packet
// that was overtaken on the way never puts back an older text.

const PAUSE = 250;
const RETRY = 1500;

/** What stands in a field; a box that is ticked says `yes`. */
function valueOf(element) {
  if (element.type === "checkbox") return element.checked ? "yes" : "no";
  return element.value;
}

export class Answers extends EventTarget {
  #send;
  #waiting = new Map(); // field key → {element, timer}
  #flying = new Map(); // field key → promise
  state = "untouched"; // untouched | dirty | clean | failed | refused

  /** `send(call, field, value, counter)` → {status, body}, or throws when the server cannot be reached. */
  constructor(send) {
    super();
    this.#send = send;
  }

  /** A field has changed. */
  typed(element, call) {
    const key = `${call} ${element.dataset.answer}`;
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.set(key, { element, call, timer: setTimeout(() => this.#save(key), PAUSE) });
    this.#set("dirty");
  }

  /** Saves everything now. False when something could not be saved (too long, or the server is away). */
  async flush() {
    while (this.#waiting.size || this.#flying.size) {
      const done = await Promise.all([
        ...[...this.#waiting.keys()].map((key) => this.#save(key)),
        ...this.#flying.values(),
      ]);
      if (done.includes(false)) return false;
    }
    return !document.querySelector('[data-answer][aria-invalid="true"]');
  }

  get pending() {
    return this.#waiting.size + this.#flying.size > 0;
  }

  async #save(key) {
    const before = this.#flying.get(key);
    if (before) await before; // one at a time for each field
    const entry = this.#waiting.get(key);
    if (!entry) return true;
    clearTimeout(entry.timer);
    this.#waiting.delete(key);
    const sending = this.#put(key, entry);
    this.#flying.set(key, sending);
    const good = await sending;
    this.#flying.delete(key);
    if (good && !this.pending) this.#set("clean");
    return good;
  }

  async #put(key, { element, call }) {
    const field = element.dataset.answer;
    const counter = Math.max(Number(element.dataset.counter) + 1, Date.now());
    for (const twin of this.#twins(element)) twin.dataset.counter = counter;
    let answer;
    try {
      answer = await this.#send(call, field, valueOf(element), counter);
    } catch {
      // The server is away: the text stays in the field and is sent again.
      if (!this.#waiting.has(key)) {
        this.#waiting.set(key, { element, call, timer: setTimeout(() => this.#save(key), RETRY) });
      }
      this.#set("failed");
      return false;
    }
    const { status, body } = answer;
    this.#tell(element, status === 200 ? "" : (body.problem ?? ""));
    if (status === 200) {
      for (const twin of this.#twins(element)) twin.dataset.counter = body.counter;
      this.#warn(element, body.warning ?? "");
      // Another page wrote here meanwhile. Its text stands until the next key here; both writers can see that.
      if (!body.kept) this.#tell(element, body.problem);
      this.dispatchEvent(new CustomEvent("saved", { detail: body }));
      return true;
    }
    this.#set("refused");
    return false;
  }

  #twins(element) {
    if (element.type !== "radio") return [element];
    return document.querySelectorAll(`[data-answer="${CSS.escape(element.dataset.answer)}"]`);
  }

  #tell(element, sentence) {
    const room = document.getElementById(`e-${element.dataset.answer}`);
    if (!room) return;
    room.textContent = sentence;
    room.hidden = !sentence;
    element.toggleAttribute("aria-invalid", false);
    if (sentence) element.setAttribute("aria-invalid", "true");
  }

  /** What should be worded otherwise: told, never a hurdle. */
  #warn(element, sentence) {
    const id = `w-${element.dataset.answer}`;
    let room = document.getElementById(id);
    if (!room && !sentence) return;
    if (!room) {
      room = document.createElement("p");
      room.id = id;
      room.className = "warning";
      room.setAttribute("role", "status");
      document.getElementById(`e-${element.dataset.answer}`)?.after(room);
    }
    room.textContent = sentence;
    room.hidden = !sentence;
  }

  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
