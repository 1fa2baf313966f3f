// The panel beside the script: moods and their phrases, answers to objections, words not to say, all scenes. One key opens a part
// of it, digits choose, Esc goes back to where one was.

export class Aids {
  #dialog = document.getElementById("seat-panel");
  #came = null;

  /** `mark(values)` tells the server; `jump(node)` goes there; `ask(who)` asks somebody into the talk; `promise(when)` promises a
   * call back; `keys(digits)` presses keys; `back` puts the focus where it belongs when the place it came
   * from is gone. */
  constructor({ mark, jump, back, ask, promise, keys }) {
    this.to = { mark, jump, back, ask, promise, keys };
    this.#dialog.addEventListener("keydown", (event) => this.#pressed(event));
    this.#dialog.addEventListener("click", (event) => this.#clicked(event));
    this.#dialog.addEventListener("input", ({ target }) => target.id === "seat-place" && this.#narrow());
    this.#dialog.addEventListener("close", () => this.#closed());
    document.addEventListener("click", ({ target }) => {
      const button = target.closest?.("[data-aid]");
      if (button) this.open(button.dataset.aid);
    });
  }

  open(part) {
    if (this.#dialog.open) return;
    this.#came = document.activeElement;
    this.#dialog.dataset.part = part;
    this.#dialog.showModal();
    for (const toggle of this.#dialog.querySelectorAll("[data-unspoken]")) toggle.setAttribute("aria-pressed", "false");
    // Whoever opens this has been asked for the client's staff: the call does not end without an answer to that.
    if (part === "pass") this.to.mark({ now: true });
    if (part === "places") {
      this.#place.value = "";
      this.#narrow();
      this.#place.focus();
    } else this.#dialog.focus();
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  #closed() {
    if (this.#came?.isConnected && this.#came !== document.body && !this.#came.closest("#seat-bottom")) {
      this.#came.focus({ preventScroll: true });
    } else this.to.back();
  }

  get #place() {
    return document.getElementById("seat-place");
  }

  get #part() {
    return this.#dialog.querySelector(`[data-aid-of="${this.#dialog.dataset.part}"]`);
  }

  get #options() {
    return [...this.#dialog.querySelectorAll("[data-place]")].filter((option) => !option.hidden);
  }

  #narrow() {
    const fold = (text) => text.normalize("NFKC").toLowerCase();
    const words = fold(this.#place.value).split(/\s+/).filter(Boolean);
    for (const option of this.#dialog.querySelectorAll("[data-place]")) {
      const text = fold(option.dataset.text);
      option.hidden = !words.every((word) => text.includes(word));
    }
    this.#choose(0);
  }

  #choose(wanted) {
    const options = this.#options;
    const at = Math.max(0, Math.min(options.length - 1, wanted));
    for (const option of this.#dialog.querySelectorAll("[data-place]")) {
      option.setAttribute("aria-selected", String(option === options[at]));
    }
    this.#place.setAttribute("aria-activedescendant", options[at]?.id ?? "");
    options[at]?.scrollIntoView({ block: "nearest" });
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const options = this.#options;
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.target.id === "seat-place") {
      if (step) this.#choose(at + step);
      else if (event.key === "Enter" && options[at] && !event.repeat) this.#go(options[at]);
      else return;
      event.preventDefault();
      return;
    }
    if (event.target.tagName === "INPUT") {
      if (event.target.id === "seat-keys" && event.key === "Enter" && event.target.value) {
        event.preventDefault();
        this.to.keys(event.target.value);
        event.target.value = "";
        this.close();
      }
      return;
    }
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    const button = digit && this.#part?.querySelector(`[data-digit="${digit}"]`);
    if (!button) return;
    event.preventDefault();
    if (!event.repeat) button.click();
  }

  #clicked(event) {
    const at = (selector) => event.target.closest(selector);
    let found;
    if ((found = at("[data-mood]"))) this.to.mark({ mood: found.dataset.mood });
    else if ((found = at("[data-refused]"))) this.to.mark({ refused: found.dataset.refused === "true" });
    else if ((found = at("[data-objection]"))) {
      for (const room of this.#part.querySelectorAll(".say")) room.hidden = room.id !== found.dataset.objection;
    } else if ((found = at("[data-place]"))) this.#go(found);
    else if ((found = at("[data-unspoken]"))) found.setAttribute("aria-pressed", String(found.ariaPressed !== "true"));
    else if ((found = at("[data-ask]"))) {
      const stay = this.#part.querySelector("[data-unspoken]").ariaPressed !== "true";
      this.to.ask({ ...JSON.parse(found.dataset.ask), stay });
      this.close();
    } else if ((found = at("[data-promise]"))) {
      this.to.promise(found.dataset.promise);
      this.close();
    } else if (at("[data-not-wanted]")) {
      this.to.mark({ now: false });
      this.close();
    } else if (at("[data-keys-open]")) document.getElementById("seat-keys").focus();
    else if (at("[data-closes]")) this.close();
    else if (event.target === this.#dialog) this.close();
  }

  #go(option) {
    if (option.ariaDisabled === "true") return;
    this.close();
    this.to.jump(option.dataset.place);
  }
}
