// [P] 本人確認: what the caller says goes to the server, and only right or wrong comes back. A gated value is fetched when it is
// asked for, one at a time, and is gone from the page when the panel closes.

export class Identity {
  #room = document.getElementById("seat-identity");
  #call = "";
  #busy = false;

  /** `request` speaks with the server; `call` is the call that is talked on, empty when there is none; `back` puts the focus where
   * it belongs; `changed` is told when the check has gone on. */
  constructor({ request, call, back, changed }) {
    this.ask = { request, call, back, changed };
    document.addEventListener("click", (event) => {
      const target = event.target.closest?.("#seat-identity-open, [data-reveal]");
      if (target?.id === "seat-identity-open") this.open();
      else if (target) this.#reveal(target);
    });
    this.#room.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#compare();
    });
    this.#room.addEventListener("close", () => {
      this.#room.replaceChildren();
      this.ask.back();
    });
    this.#room.addEventListener("keydown", (event) => {
      const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
      if (!event.altKey || !digit) return;
      const button = this.#room.querySelector(`[data-digit="${digit}"]`);
      if (!button) return;
      event.preventDefault();
      button.click();
    });
  }

  async open() {
    this.#call = this.ask.call();
    if (!this.#call || this.#room.open) return;
    await this.#fetch("GET", "", undefined);
    if (this.#room.childElementCount) this.#room.showModal();
    this.#focus();
  }

  /** After every change of the screen: the panel belongs to one call. */
  settle() {
    if (this.#room.open && this.ask.call() !== this.#call) this.#room.close();
  }

  async #compare() {
    const fields = [...this.#room.querySelectorAll("input")];
    const said = Object.fromEntries(fields.filter((field) => field.value.trim()).map((field) => [field.name, field.value]));
    if (!(await this.#fetch("POST", "", { said }))) return;
    // What was said stays in its fields: one more answer may open one more field.
    for (const field of this.#room.querySelectorAll("input")) field.value = said[field.name] ?? "";
    this.ask.changed();
    this.#focus();
  }

  async #reveal(button) {
    const room = button.parentElement.querySelector("output");
    const answer = await this.#send("POST", "/field", { field: button.dataset.reveal });
    if (answer) room.textContent = answer.value;
  }

  async #fetch(method, path, body) {
    const html = await this.#send(method, path, body, true);
    if (html !== null) this.#room.innerHTML = html;
    return html !== null;
  }

  /** The answer, or null when there is none; then the panel says why. */
  async #send(method, path, body, html = false) {
    if (this.#busy) return null;
    this.#busy = true;
    try {
      const answer = await this.ask.request(method, `/seat/calls/${this.#call}/identity${path}`, body);
      if (answer.ok) return html ? await answer.text() : await answer.json();
      const told = (answer.headers.get("content-type") ?? "").includes("json") ? await answer.json() : {};
      this.#say(told.problem ?? told.title ?? this.#room.dataset.away);
    } catch {
      this.#say(this.#room.dataset.away);
    } finally {
      this.#busy = false;
    }
    return null;
  }

  #say(text) {
    const room = document.getElementById("identity-said");
    if (!room) return window.toast(text, "danger");
    room.textContent = text;
    room.className = "identity-said wrong";
  }

  /** The first answer that lacks; when the check has passed, the first field that may be told; when it has not, the answers. */
  #focus() {
    const fields = [...this.#room.querySelectorAll("input")];
    if (this.#room.querySelector("#identity-said.wrong")) {
      const last = fields.findLast((field) => field.value) ?? fields[0];
      last?.focus();
      last?.select();
      return;
    }
    const told = this.#room.querySelector("[data-focus]") ?? this.#room.querySelector("[data-reveal]");
    (told ?? fields.find((field) => !field.value) ?? fields[0])?.focus();
  }
}
