// One line to the server: what is asked is answered, and a line that broke is tied
// again. The protocol: docs/protocol.rst.

const QUIET = 45_000; // ms without a word from the server, before it is asked
const ANSWER = 15_000; // ms in which it has to answer then
const LONGEST = 30_000; // ms between two attempts

/** The server said no. */
export class Refusal extends Error {
  constructor({ code, text }) {
    super(text);
    this.code = code;
  }
}

/** The connection broke before the answer came. */
export class Lost extends Error {}

/** One WebSocket: each request gets its answer, and a line that broke is tied again. */
export class Connection {
  /**
   * @param hooks What to call: hello(event), event(event), closing(event), and
   *   down(wait) with the ms after which it is tried again.
   */
  constructor(hooks) {
    this.hooks = hooks;
    this.up = false; // greeted
    this.over = false; // not to be tried again
    this.attempt = 0;
    this.pending = new Map();
    this.number = 0;
    this.closing = null;
    setInterval(() => this.#check(), 5_000);
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      if (!this.up) this.retry();
      else this.#ask(5_000); // a laptop that slept has not noticed that the line is dead
    });
  }

  open() {
    clearTimeout(this.timer);
    this.socket?.close();
    this.over = false;
    this.closing = null;
    const socket = new WebSocket(new URL("ws", location.href).href.replace(/^http/, "ws"));
    this.socket = socket;
    this.heard = this.opened = Date.now();
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.heard = Date.now();
      this.#take(JSON.parse(data));
    };
    socket.onclose = () => socket === this.socket && this.#lost();
  }

  /** Try again at once, if there is no connection. */
  retry() {
    if (!this.socket && !this.over) this.open();
  }

  /** End it, for good until `open`. */
  close() {
    this.over = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.#lost();
  }

  /**
   * @return A promise of the answer `done`, with `before`: what came before it.
   * @throws Refusal, Lost
   */
  request(fields) {
    return new Promise((resolve, reject) => {
      if (!this.up || this.closing) return reject(new Lost("There is no connection."));
      const ref = ++this.number;
      this.pending.set(ref, { resolve, reject, before: [] });
      this.socket.send(JSON.stringify({ ...fields, ref }));
    });
  }

  #take(event) {
    const waiting = event.ref == null ? null : this.pending.get(event.ref);
    if (event.event === "hello") {
      this.up = true;
      this.attempt = 0;
      this.hooks.hello(event);
    } else if (event.event === "ping") {
      this.socket.send('{"do":"ping"}');
    } else if (event.event === "closing") {
      this.closing = event;
      this.hooks.closing(event);
    } else if (waiting && (event.event === "done" || event.event === "failed")) {
      this.pending.delete(event.ref);
      if (event.event === "done") waiting.resolve({ ...event, before: waiting.before });
      else waiting.reject(new Refusal(event));
    } else if (waiting && event.event !== "entered") {
      waiting.before.push(event);
    } else {
      this.hooks.event(event);
    }
  }

  #lost() {
    if (!this.socket) return;
    this.socket = null;
    this.up = false;
    for (const { reject } of this.pending.values()) reject(new Lost("The connection broke."));
    this.pending.clear();
    const stopping = this.closing;
    if (stopping && !stopping.retry) this.over = true;
    let wait = Math.min(LONGEST, 1_000 * 2 ** this.attempt++) * (0.5 + Math.random() / 2);
    if (stopping?.retry) wait = 1_000 + Math.random() * stopping.retry * 1_000;
    if (!this.over) this.timer = setTimeout(() => this.retry(), wait);
    this.hooks.down(this.over ? null : wait, stopping);
  }

  #check() {
    const silent = Date.now() - this.heard;
    if (!this.socket) return;
    if (!this.up && silent > ANSWER) this.#drop();
    else if (this.up && silent > QUIET) this.#ask(ANSWER);
  }

  #ask(wait) {
    if (!this.up || this.asking) return;
    const { socket, heard } = this;
    this.asking = true;
    this.request({ do: "ping" }).catch(() => {});
    setTimeout(() => {
      this.asking = false;
      if (socket === this.socket && this.heard === heard) this.#drop();
    }, wait);
  }

  #drop() {
    this.socket.close(); // which may take minutes on a dead line
    this.#lost();
  }
}
