// Who one is to the server: coming in, coming back, and leaving.

import { Connection, Lost, Refusal } from "./connection.js";

const STORED = "chatd";

/** Tells with an event "state" when something of it has changed. */
export class Session extends EventTarget {
  /**
   * @param inside Loads what nobody needs at the door: gives a promise of the chat.
   */
  constructor(inside) {
    super();
    this.inside = inside;
    this.chat = null;
    this.state = "connecting"; // door, entering, here, away, closing, ended
    this.hello = null;
    this.me = null; // name, guest, role
    this.cursor = ""; // how much was heard
    this.#read();
    addEventListener("storage", ({ key, newValue }) => key === STORED && this.#elsewhere(JSON.parse(newValue ?? "{}")));
    this.connection = new Connection({
      hello: (event) => this.#greeted(event),
      event: (event) => this.#happened(event),
      closing: (event) => this.#set("closing", event.text),
      down: (wait, closing) => this.#down(wait, closing),
    });
    this.connection.open();
    if (this.stored.token) this.load().catch(() => {});
  }

  #set(state, why = "", until = 0) {
    Object.assign(this, { state, why, until });
    this.dispatchEvent(new Event("state"));
  }

  /** Have what is inside, as soon as it is likely to be needed. */
  load() {
    this.loading ??= this.inside().then((chat) => (this.chat = chat), () => {
      this.loading = null;
      throw new Lost("The page could not be loaded: reload it."); // browsers do not try again
    });
    return this.loading;
  }

  // What the browser keeps

  #read() {
    try {
      this.stored = JSON.parse(localStorage.getItem(STORED)) ?? {};
    } catch {
      this.stored = {};
    }
  }

  #write(stored) {
    this.stored = stored;
    try {
      localStorage.setItem(STORED, JSON.stringify(stored));
    } catch {
      // A private window: it lasts as long as the page.
    }
  }

  /** Keep more of what makes one come back to where one was. */
  keep(more) {
    this.#write({ ...this.stored, ...more });
  }

  /** Another tab keeps something else now. */
  #elsewhere(stored) {
    if (!this.me) return;
    if (!stored?.token) this.forget(); // logged out there
    else if (stored.name === this.stored.name) this.stored.token = stored.token;
  }

  // Coming in

  #greeted(hello) {
    this.hello = hello;
    if (this.stored.token) this.enter({ token: this.stored.token }).catch(() => {});
    else this.#set("door");
  }

  /** Do something by which one may come in; throws why not. */
  async #come(act) {
    const { hello } = this;
    this.#set("entering");
    try {
      await this.load();
      if (hello !== this.hello) throw new Lost("The connection broke.");
      return await act();
    } catch (error) {
      const refused = error instanceof Refusal || (!this.chat && this.connection.up);
      if (refused) this.#set("door", error.message);
      throw error;
    }
  }

  /** Come in; throws a Refusal. */
  enter(how) {
    return this.#come(async () => {
      const resume = how.token && this.cursor ? { resume: this.cursor } : {};
      try {
        this.#welcome(await this.connection.request({ do: "enter", ...how, ...resume }), !!resume.resume);
      } catch (error) {
        if (error.code !== "wrong-password" || !how.token) throw error;
        this.#read(); // another tab may have a newer one
        const { name, token = how.token } = this.stored;
        if (token !== how.token) return this.enter({ token });
        this.#write({ name });
        throw error;
      }
    });
  }

  /** Make an account, and come in with it. */
  async register(name, password, code) {
    for (const [what, words] of Object.entries({ name, password, code }))
      if (/\s/.test(words)) throw new Refusal({ code: `bad-${what}`, text: `A ${what} has no spaces.` });
    await this.#come(() => this.connection.request({ do: "command", line: `/register ${name} ${password} ${code}`.trim() }));
  }

  #welcome(state, resumed) {
    const { name, account, role, token } = state;
    this.keep({ token, name });
    if (!resumed) this.cursor = state.cursor;
    this.me = { name, role, guest: account === null };
    this.#set("here");
    this.chat.welcome(state, resumed);
  }

  #happened(event) {
    if (event.cursor) this.cursor = event.cursor;
    if (event.event !== "done") this.chat?.happened(event);
    else if (event.rooms) this.#welcome(event, false);
  }

  // Leaving

  #down(wait, closing) {
    this.chat?.broke();
    if (wait === null) {
      if (this.state !== "door") this.#set("ended", closing?.text ?? "");
    } else {
      const here = this.me && this.stored.token;
      this.#set(here ? "away" : "connecting", closing?.text ?? "", Date.now() + wait);
    }
  }

  /** Leave, and make the token worthless. */
  async logOut() {
    try {
      await this.connection.request({ do: "logout" });
    } catch {
      // Then it is worth something until its time is over.
    }
    this.forget();
  }

  /** Know nothing any more of who was here, and begin anew. */
  forget() {
    this.connection.close();
    this.#write({ name: this.stored.name });
    Object.assign(this, { me: null, cursor: "" });
    this.chat?.clear();
    this.#set("connecting");
    this.connection.open();
  }
}
