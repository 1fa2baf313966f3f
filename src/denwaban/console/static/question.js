// [?] 想定外: one key notes that the caller asked what nobody expected; a line opens for their words.
//
// The note is on the server before a word is typed, and every pause in typing is saved. Enter and Esc only close the line: what
// is there stays. Keys of the input method (a conversion under way) close nothing.

const PAUSE = 300;
const AGAIN = 1000;

const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Question {
  #room = document.getElementById("seat-question");
  #input = document.getElementById("seat-question-text");
  #state = document.getElementById("seat-question-state");
  #note = null; // { call, id, counter, saved, withdrawn, words }
  #came = null;
  #timer = 0;

  /** `request` speaks with the server; `call` is the call that is talked on, empty when there is none; `back` puts the focus where
   * it belongs when the place it came from is gone. */
  constructor({ request, call, back }) {
    this.ask = { request, call, back };
    this.#input.addEventListener("input", () => this.#typed());
    document.addEventListener("click", (event) => {
      if (event.target.closest?.("#seat-question-open")) this.open();
      else if (event.target.closest?.("#seat-question-close")) this.close();
      else if (event.target.closest?.("#seat-question-undo")) this.#undo();
    });
    // Before the keys of the seat: in this line Enter and Esc are ours.
    window.addEventListener("keydown", (event) => this.#pressed(event), true);
  }

  open() {
    const call = this.ask.call();
    if (!call) return;
    if (this.#room.hidden) this.#came = document.activeElement;
    else this.#save(); // the same key again: another question
    this.#note = { call, id: newId(), counter: 0, saved: 0, withdrawn: false, words: "" };
    this.#input.value = "";
    this.#room.hidden = false;
    this.#input.focus();
    this.#change();
    this.#save();
  }

  close() {
    if (this.#room.hidden) return;
    this.#save();
    this.#room.hidden = true;
    if (this.#came?.isConnected && this.#came !== document.body && !this.#came.closest("#seat-bottom")) this.#came.focus({ preventScroll: true });
    else this.ask.back();
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const ctrl = event.ctrlKey || event.metaKey;
    if (ctrl && !event.altKey && event.key === "/" && this.ask.call()) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.open();
    } else if (event.target === this.#input && !ctrl && (event.key === "Enter" || event.key === "Escape")) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.target === this.#input && !ctrl && event.altKey && event.code === "KeyC") {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.#undo();
    }
  }

  #typed() {
    this.#change();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), PAUSE);
  }

  #undo() {
    if (!this.#note) return;
    this.#note.withdrawn = true;
    this.#change();
    this.close();
    window.toast(this.#room.dataset.withdrawn);
  }

  #change() {
    this.#note.words = this.#input.value;
    this.#note.counter += 1;
    this.#show("saving");
  }

  #show(state) {
    this.#state.textContent = this.#room.dataset[state];
    this.#state.classList.toggle("bad", state === "failed");
  }

  /** Sends a note until the server has it: also after the line is closed, or another is open. */
  async #save(note = this.#note) {
    clearTimeout(this.#timer);
    if (!note || note.sending || note.saved === note.counter) return;
    note.sending = true;
    const { id, words, counter, withdrawn } = note;
    let answer = null;
    try {
      answer = await this.ask.request("PUT", `/seat/calls/${note.call}/question`, { id, words, counter, withdrawn });
    } catch {
      // Tried again below.
    }
    note.sending = false;
    // What the server refuses (signed out, not this call) is not sent for ever.
    if (answer?.ok || answer?.status === 404) note.saved = counter;
    if (note === this.#note) this.#show(answer?.ok ? (note.saved === note.counter ? "saved" : "saving") : "failed");
    if (note.saved !== note.counter) setTimeout(() => this.#save(note), answer?.ok ? PAUSE : AGAIN);
  }
}
