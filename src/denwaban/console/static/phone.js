// The operator's telephone in the page: registers at the engine, opens the microphone beforehand, answers.
//
// Emits on itself (EventTarget): "state" whenever something to show has changed, "ringing" {call}, "gone" {call, why}.

const LONG_GAP = 6000; // ms without media after which a call is taken for dead

export class Phone extends EventTarget {
  #account = null;
  #ua = null;
  #session = null;
  #stream = null;
  #output;
  #gap = 0;

  line = "off"; // off | connecting | ready | failed
  microphone = "unknown"; // unknown | ready | refused | missing
  call = null; // the call that rings or talks here
  talking = false;

  constructor(output) {
    super();
    this.#output = output;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#deviceChanged());
    // Not before the question whether to leave: who stays talks on.
    addEventListener("pagehide", () => this.#ua?.terminateSessions());
  }

  /** Registers with the account {url, uri, password, loopback}. A second start replaces the first. */
  start(account) {
    this.stop();
    this.#account = account;
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(account.url)],
      uri: account.uri,
      password: account.password,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
    });
    this.#ua = ua;
    const set = (line) => {
      // A stopped telephone still tells of its end; only the present one counts.
      if (this.#ua === ua) this.#set({ line });
    };
    ua.on("connecting", () => set("connecting"));
    ua.on("connected", () => set("connecting"));
    ua.on("disconnected", () => {
      set("connecting");
      // Without its engine a session can only be dead, though JsSIP would keep it.
      if (this.#ua === ua && this.#session && this.#mediaLost()) this.#drop("engine");
    });
    ua.on("registered", () => set("ready"));
    ua.on("unregistered", () => set("connecting"));
    ua.on("registrationFailed", () => set("failed"));
    ua.on("newRTCSession", (event) => this.#incoming(ua, event));
    this.#set({ line: "connecting" });
    ua.start();
  }

  /** Unregisters and ends what is going on. */
  stop() {
    const ua = this.#ua;
    this.#ua = null;
    if (ua) {
      ua.terminateSessions();
      ua.stop();
    }
    this.#forget();
    this.#set({ line: "off" });
  }

  /** Opens the microphone ahead of the first call, so that answering takes no time. */
  async openMicrophone() {
    if (this.#stream?.getAudioTracks().some((track) => track.readyState === "live")) return true;
    if (!navigator.mediaDevices) {
      this.#set({ microphone: "missing" });
      return false;
    }
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      this.#set({ microphone: error.name === "NotAllowedError" ? "refused" : "missing" });
      return false;
    }
    for (const track of this.#stream.getAudioTracks()) {
      track.addEventListener("ended", () => this.#deviceChanged());
    }
    this.#set({ microphone: "ready" });
    return true;
  }

  /** The open microphone, for a level meter; null when there is none. */
  get stream() {
    return this.#stream;
  }

  /** Answers what rings here. False when nothing rings here (a SIP phone may) or there is no microphone. */
  async answer() {
    const session = this.#session;
    if (!session || !session.isInProgress() || !(await this.openMicrophone())) return false;
    if (this.#session !== session || session.isEnded()) return false;
    session.answer({
      mediaStream: this.#stream,
      mediaConstraints: { audio: true, video: false },
      pcConfig: { iceServers: [] },
    });
    return true;
  }

  /** Ends the call here: for the case that the program, which normally does it, is away. */
  hangUp() {
    if (this.#session && !this.#session.isEnded()) this.#session.terminate();
  }

  /** Silences the microphone here and now; the program does the same in the engine. */
  mute(on) {
    if (!this.#session || !this.talking) return;
    if (on) this.#session.mute({ audio: true });
    else this.#session.unmute({ audio: true });
  }

  #incoming(ua, { originator, session, request }) {
    if (this.#ua !== ua || originator !== "remote") return;
    if (this.#session && !this.#session.isEnded()) {
      // One seat, one call. The engine offers the caller elsewhere.
      session.terminate({ status_code: 486 });
      return;
    }
    this.#session = session;
    this.call = request.getHeader("X-Call") ?? "";
    session.on("peerconnection", ({ peerconnection }) => this.#watch(session, peerconnection));
    session.on("icecandidate", ({ candidate, ready }) => {
      // Waiting for more candidates (TCP ones above all) would cost the caller a tenth of a second.
      if (/ udp /i.test(candidate.candidate)) ready();
    });
    session.on("accepted", () => {
      if (this.#session === session) this.#set({ talking: true });
    });
    session.on("ended", () => this.#over(session, "ended"));
    session.on("failed", ({ cause }) => this.#over(session, cause));
    this.dispatchEvent(new CustomEvent("ringing", { detail: { call: this.call } }));
    this.#set({});
  }

  #watch(session, connection) {
    connection.addEventListener("track", ({ streams, track }) => {
      this.#output.srcObject = streams[0] ?? new MediaStream([track]);
      this.#output.play().catch(() => this.#set({ output: "blocked" }));
    });
    connection.addEventListener("connectionstatechange", () => {
      if (this.#session !== session) return;
      clearTimeout(this.#gap);
      const state = connection.connectionState;
      if (state === "failed" || state === "closed") this.#drop("media");
      if (state === "disconnected") this.#gap = setTimeout(() => this.#drop("media"), LONG_GAP);
    });
  }

  #mediaLost() {
    const state = this.#session.connection?.connectionState;
    return !this.talking || state === "disconnected" || state === "failed" || state === "closed";
  }

  #drop(why) {
    const session = this.#session;
    if (!session) return;
    this.#over(session, why);
    if (!session.isEnded()) session.terminate();
  }

  #over(session, why) {
    if (this.#session !== session) return;
    const { call } = this;
    this.#forget();
    this.dispatchEvent(new CustomEvent("gone", { detail: { call, why } }));
    this.#set({});
  }

  #forget() {
    clearTimeout(this.#gap);
    this.#session = null;
    this.call = null;
    this.talking = false;
    this.#output.srcObject = null;
  }

  #deviceChanged() {
    const alive = this.#stream?.getAudioTracks().some((track) => track.readyState === "live");
    if (this.microphone !== "unknown" && !alive) this.openMicrophone();
  }

  #set(what) {
    Object.assign(this, what);
    this.dispatchEvent(new Event("state"));
  }
}
