// The search panel: one key opens it, what is typed is looked for at once, Enter shows it large, Ctrl+Enter goes to the scene or
// puts the answer into view or says that the call is this person's, Esc goes back to where one was. Another key opens it for
// persons only.
//
// What belongs to the input method (a conversion under way, and the Enter or Esc that ends it) never chooses or closes.

const PAUSE = 80;

export class Search {
  #dialog = document.getElementById("seat-search");
  #input = document.getElementById("seat-search-text");
  #room = document.getElementById("seat-search-found");
  #scope = document.getElementById("seat-search-scope");
  #asked = "";
  #timer = 0;
  #asking = null;
  #came = null; // where the focus was
  #pinned = document.getElementById("seat-pinned");
  #pinnedOn = ""; // the call that it belongs to
  #composing = false;
  #persons = false; // only who it may be that calls
  #hint = this.#input.placeholder;

  /** `request` speaks with the server; `call` is the call on the screen; `may`: whether it may open now; `back` puts the focus
   * where it belongs when the place it came from is gone; `away` is said when the server is; `leap` goes to a scene; `choose` says
   * who calls. */
  constructor({ request, call, may, back, away, leap, choose }) {
    this.ask = { request, call, may, back, away, leap, choose };
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("compositionstart", () => (this.#composing = true));
    this.#input.addEventListener("compositionend", () => (this.#composing = false));
    this.#dialog.addEventListener("keydown", (event) => this.#pressed(event));
    this.#dialog.addEventListener("cancel", (event) => this.#composing && event.preventDefault());
    this.#dialog.addEventListener("close", () => this.#closed());
    this.#dialog.addEventListener("click", (event) => this.#clicked(event));
    document.getElementById("seat-unpin").addEventListener("click", () => this.#unpin(true));
    document.addEventListener("click", (event) => {
      if (event.target.closest?.("#seat-search-open")) this.open();
      else if (event.target.closest?.("#seat-person-open")) this.open(true);
    });
    document.addEventListener("keydown", (event) => this.#shortcut(event), true);
  }

  open(persons = false) {
    if (this.#dialog.open || !this.ask.may()) return;
    this.#came = document.activeElement;
    if (persons !== this.#persons) this.#input.value = "";
    this.#persons = persons;
    this.#input.placeholder = persons ? this.#input.dataset.hintPerson : this.#hint;
    this.#dialog.classList.remove("large");
    this.#dialog.showModal();
    this.#input.focus();
    this.#input.select();
    this.#asked = null; // another call may be on the screen by now
    this.#look();
  }

  /** What lies in view belongs to one call. */
  settle() {
    if (!this.#pinned.hidden && this.ask.call() !== this.#pinnedOn) this.#unpin(false);
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  #shortcut(event) {
    if (event.isComposing || event.keyCode === 229 || event.altKey || event.shiftKey) return;
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (this.#dialog.open) this.#input.select();
    else this.open();
  }

  #closed() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    if (this.#came?.isConnected && this.#came !== document.body) this.#came.focus({ preventScroll: true });
    else this.ask.back();
  }

  #typed() {
    this.#dialog.classList.remove("large");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), PAUSE);
  }

  async #look() {
    clearTimeout(this.#timer);
    const text = this.#input.value;
    if (text.trim() === this.#asked) return;
    this.#asked = text.trim();
    this.#asking?.abort();
    const mine = (this.#asking = new AbortController());
    let html;
    try {
      const answer = await this.ask.request("POST", "/seat/search", { text, call: this.ask.call(), persons: this.#persons });
      html = answer.ok ? await answer.text() : null;
    } catch {
      html = null;
    }
    if (mine.signal.aborted) return; // more was typed meanwhile
    if (html === null) {
      this.#asked = null;
      this.#room.querySelector(".search-empty p")?.replaceChildren(this.ask.away);
      return;
    }
    this.#room.innerHTML = html;
    this.#scope.textContent = this.#room.firstElementChild?.dataset.scope ?? "";
    this.#choose(0);
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      this.#choose(this.#chosen + step);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.#use();
    } else if (event.key === "Enter" && event.target === this.#input) {
      event.preventDefault();
      if (event.repeat) return;
      if (this.#input.value.trim() !== this.#asked) this.#look();
      else if (this.#options.length) this.#dialog.classList.toggle("large");
    }
  }

  #clicked(event) {
    if (event.target.closest("#seat-search-close")) return this.close();
    if (event.target.closest("[data-leap], [data-pin], [data-person], [data-open-answer]")) return this.#use();
    const option = event.target.closest("[role=option]");
    if (option) {
      this.#choose(this.#options.indexOf(option));
      this.#dialog.classList.add("large");
      this.#input.focus();
    } else if (event.target === this.#dialog) this.close(); // the backdrop
  }

  /** Goes to the scene that is shown, says that the call is the person's, or puts what is said into view. */
  #use() {
    const shown = this.#room.querySelector("article:not([hidden])");
    const leap = shown?.querySelector("[data-leap]");
    const person = shown?.querySelector("[data-person]");
    const answer = shown?.querySelector("[data-open-answer]");
    if (answer) this.#openAnswer(shown, answer);
    else if (person) {
      this.close();
      this.ask.choose(person.dataset.person);
    } else if (leap) {
      this.close();
      this.ask.leap(leap.dataset.leap);
    } else if (shown?.querySelector("[data-pin]")) {
      this.#pinned.querySelector("h2").textContent = shown.querySelector(".shown-title").textContent;
      const words = shown.querySelector(".words").cloneNode(true);
      words.className = "words";
      this.#pinned.querySelector(".pinned-words").replaceChildren(words);
      this.#pinnedOn = this.ask.call();
      this.#pinned.hidden = false;
      this.close();
    }
  }

  /** The words come only now: the server has compared, and writes down that they are seen. */
  async #openAnswer(shown, button) {
    try {
      const answer = await this.ask.request("POST", button.dataset.openAnswer);
      const { said, problem } = await answer.json();
      if (!answer.ok) return window.toast(problem ?? this.ask.away, "danger");
      shown.querySelector("[data-opened] .words").textContent = said;
      shown.querySelector("[data-opened]").hidden = false;
      shown.querySelector("[data-shut]").hidden = true;
      button.hidden = true;
    } catch {
      window.toast(this.ask.away, "danger");
    }
  }

  #unpin(back) {
    this.#pinned.hidden = true;
    if (back) this.ask.back();
  }

  get #options() {
    return [...this.#room.querySelectorAll("[role=option]")];
  }

  get #chosen() {
    return this.#options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  }

  #choose(wanted) {
    const options = this.#options;
    const at = Math.max(0, Math.min(options.length - 1, wanted));
    this.#input.setAttribute("aria-activedescendant", options[at]?.id ?? "");
    for (const [n, option] of options.entries()) {
      option.setAttribute("aria-selected", String(n === at));
      document.getElementById(option.dataset.shows).hidden = n !== at;
    }
  }
}
