// The dialog of the abuse clock, and the moment at which its next mark is reached.

const own = (id) => document.getElementById(id);

export class Care {
  #dialog = own("seat-abuse");
  #told = "";

  /** `act(path, value)` tells the server and answers whether it took it; `refresh` looks again at the screen; `back` puts the
   * focus where it belongs. */
  constructor({ act, refresh, back }) {
    this.to = { act, refresh, back };
    this.#dialog.addEventListener("click", (event) => this.#clicked(event));
    this.#dialog.addEventListener("keydown", (event) => this.#pressed(event));
    this.#dialog.addEventListener("close", () => back());
    setInterval(() => this.#look(), 1000);
  }

  /** Closes when there is no call any more. */
  settle(talking) {
    if (!talking && this.#dialog.open) this.#dialog.close();
  }

  async #send(path, value, field) {
    if (!(await this.to.act(path, value))) return;
    if (field) field.value = "";
    this.#dialog.close();
  }

  #clicked({ target }) {
    const reason = target.closest("[data-abuse]");
    if (reason) this.#mark(reason.dataset.abuse);
    else if (target.closest("#seat-abuse-keep")) this.#keep();
    else if (target.closest("#seat-abuse-withdraw")) this.#send("/seat/abuse/withdraw", {});
    else if (target === this.#dialog) this.#dialog.close();
  }

  #mark(reason) {
    const words = own("seat-abuse-words");
    if (reason === "other" && !words.value.trim()) words.focus();
    else this.#send("/seat/abuse", { reason, words: words.value }, words);
  }

  #keep() {
    const note = own("seat-abuse-note");
    if (note.value.trim()) this.#send("/seat/abuse/note", { words: note.value }, note);
    else note.focus();
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const typing = event.target.tagName === "TEXTAREA";
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    const reason = digit && (!typing || event.altKey) && this.#dialog.querySelector(`[data-digit="${digit}"]`);
    if (reason?.checkVisibility()) {
      event.preventDefault();
      if (!event.repeat) reason.click();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.id === "seat-abuse-note") {
      event.preventDefault();
      if (!event.repeat) this.#keep();
    }
  }

  /** A mark is reached without anything having happened: the screen is asked for once. */
  #look() {
    const next = document.querySelector("#seat-care [data-next]")?.dataset.next;
    if (!next || next === this.#told || Date.parse(next) > Date.now()) return;
    this.#told = next;
    this.to.refresh();
  }
}
