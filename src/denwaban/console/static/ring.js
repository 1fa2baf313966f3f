// The ring: heard, in the tab title and, when allowed, on the desktop.

export class Ring {
  #context = null;
  #timer = 0;
  #title = "";
  #note = null;

  /** Browsers let a page sound only after a key or a click: called on the first one. */
  wake() {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") this.#context.resume();
  }

  /** Whether a ring would be heard. */
  get audible() {
    return this.#context?.state === "running";
  }

  start(title, text) {
    if (this.#timer) return;
    this.#title = document.title;
    document.title = `☎ ${title}`;
    this.#burst();
    this.#timer = setInterval(() => this.#burst(), 3000);
    if (document.hidden && window.Notification?.permission === "granted") {
      this.#note = new Notification(title, { body: text, requireInteraction: true, tag: "denwaban" });
      this.#note.onclick = () => window.focus();
    }
  }

  stop() {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    document.title = this.#title;
    this.#note?.close();
    this.#note = null;
  }

  /** One second of the sound that telephones here make: 400 Hz, trembling at 16 Hz. Soft in the first moment. */
  #burst() {
    try {
      this.#context ??= new AudioContext();
    } catch {
      return;
    }
    const context = this.#context;
    if (context.state !== "running") return;
    const from = context.currentTime;
    const tone = new OscillatorNode(context, { frequency: 400 });
    const tremble = new OscillatorNode(context, { frequency: 16 });
    const depth = new GainNode(context, { gain: 0.06 });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, from);
    loudness.gain.linearRampToValueAtTime(0.12, from + 0.15);
    loudness.gain.setValueAtTime(0.12, from + 0.9);
    loudness.gain.linearRampToValueAtTime(0, from + 1);
    const shake = new GainNode(context, { gain: 0.5 });
    tremble.connect(depth).connect(shake.gain);
    tone.connect(shake).connect(loudness).connect(context.destination);
    for (const node of [tone, tremble]) {
      node.start(from);
      node.stop(from + 1);
    }
  }
}
