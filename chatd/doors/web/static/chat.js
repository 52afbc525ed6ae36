// What goes on in the chat: who is here, and the conversations with what was said in
// them. Knows nothing of how it looks; tells its listener what changed. The protocol: docs/protocol.rst.

const SHOWN = 500; // messages of a conversation kept at once; others are fetched again
const KEPT = 150; // of one that is not looked at
const PAGE = 50;
const RESEND = 60_000; // ms after which an unanswered message is not sent again by itself
const SURVEYED = 500; // people, more are not told at once
const STORED = "chatd";

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

/** Ids are numbers too large for JavaScript, as text. */
export const after = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
export const fold = (name) => name.toLowerCase();

const SPOKEN = new Set(["said", "emoted", "whispered", "shared"]);
const KINDS = new Set([...SPOKEN, "topic", "room", "moderated", "announced", "opened", "invited"]);
const OFFICIAL = new Set(["role", "lockdown", "motd", "banned", "unbanned", "killed"]); // of no room, and not kept

/** A room, or what is said between two people. */
export class Conversation {
  constructor(chat, kind, name) {
    Object.assign(this, {
      chat, kind, name, key: keyOf(kind, name),
      topic: "", people: new Map(), private: false, history: true, who: "", over: false,
      items: [], ids: new Set(), pending: [], tail: [],
      loaded: false, loading: false, atStart: false, atEnd: true,
      newest: "0", seen: "0", unread: 0, mentions: 0, line: null, draft: "",
    });
  }

  get title() {
    return this.kind === "room" ? `#${this.name}` : this.name;
  }

  /** How history and read marks call it. */
  get where() {
    if (this.kind === "room") return { room: this.name };
    return { person: this.name, ...(this.who ? { person_id: this.who } : {}) };
  }

  /** Put an event where it belongs; whether it was not there yet. */
  insert(item) {
    if (this.ids.has(item.id)) return false;
    if (after(item.id, this.newest) > 0) this.newest = item.id;
    this.ids.add(item.id);
    let at = this.items.length;
    while (at && after(this.items[at - 1].id, item.id) > 0) at--;
    this.items.splice(at, 0, item);
    return true;
  }

  /** Put something that only this page knows behind all there is. */
  append(item) {
    const id = item.id ?? this.items.at(-1)?.id ?? this.newest;
    this.items.push({ time: Date.now() / 1000, local: true, ...item, id });
  }

  clear() {
    this.items = [];
    this.tail = [];
    this.ids.clear();
    this.loaded = this.atStart = false;
    this.atEnd = true;
  }

  dropOldest(most) {
    for (const item of this.items.splice(0, Math.max(0, this.items.length - most))) {
      this.ids.delete(item.id);
      this.atStart = false;
    }
  }

  dropNewest(most) {
    for (const item of this.items.splice(most)) {
      this.ids.delete(item.id);
      this.atEnd = false;
    }
  }
}

const keyOf = (kind, name) => (kind === "room" ? "#" : "@") + fold(name);

export class Chat {
  /**
   * @param listener What to tell: state(), lists(), changed(conversation),
   *   came(conversation, item), notice(text).
   */
  constructor(listener) {
    this.listener = listener;
    this.state = "connecting"; // door, entering, here, away, closing, ended
    this.hello = null;
    this.me = null;
    this.cursor = "";
    this.conversations = new Map();
    this.people = new Map(); // by folded name: name, guest, away, role
    this.commands = [];
    this.current = null;
    this.nowhere = this.#nothing(); // what is shown who is in no room
    this.room = null; // the room that was looked at last
    this.correspondent = "";
    this.returning = new Set(); // keys of rooms that are being joined again
    this.attending = () => false;
    this.#load();
    this.connection = new Connection({
      hello: (event) => this.#greeted(event),
      event: (event) => this.#happened(event),
      closing: (event) => this.#set("closing", event.text),
      down: (wait, closing) => this.#down(wait, closing),
    });
    this.connection.open();
  }

  #set(state, why = "", until = 0) {
    Object.assign(this, { state, why, until });
    this.listener.state();
  }

  /** What is looked at. */
  get shown() {
    return this.current ?? this.nowhere;
  }

  /** Whether a name is one's own. */
  isMe(name) {
    return !!this.me && fold(name ?? "") === fold(this.me.name);
  }

  // Coming in

  #load() {
    try {
      this.session = JSON.parse(localStorage.getItem(STORED)) ?? {};
    } catch {
      this.session = {};
    }
  }

  #keep(session) {
    this.session = session;
    try {
      localStorage.setItem(STORED, JSON.stringify(session));
    } catch {
      // A private window: it lasts as long as the page.
    }
  }

  #greeted(hello) {
    this.hello = hello;
    if (this.session.token) this.enter({ token: this.session.token }).catch(() => {});
    else this.#set("door");
  }

  /** Come in; throws a Refusal. */
  async enter(how) {
    this.#set("entering");
    const resume = how.token && this.cursor ? { resume: this.cursor } : {};
    try {
      this.#welcome(await this.connection.request({ do: "enter", ...how, ...resume }), !!resume.resume);
    } catch (error) {
      if (error instanceof Refusal) {
        if (error.code === "wrong-password" && how.token) {
          this.#load(); // another tab may have a newer one
          if ((this.session.token ?? how.token) !== how.token) return this.enter({ token: this.session.token });
          this.#keep({ name: this.session.name });
        }
        this.#set("door", error.message);
      }
      throw error;
    }
  }

  /** Make an account, and come in with it. */
  async register(name, password, code) {
    for (const [what, words] of Object.entries({ name, password, code }))
      if (/\s/.test(words)) throw new Refusal({ code: `bad-${what}`, text: `A ${what} has no spaces.` });
    this.#set("entering");
    try {
      await this.connection.request({ do: "command", line: `/register ${name} ${password} ${code}`.trim() });
    } catch (error) {
      if (error instanceof Refusal) this.#set("door", error.message);
      throw error;
    }
  }

  #welcome(state, resumed) {
    const { name, account, role, token, rooms, people, motd } = state;
    this.#keep({ ...this.session, token, name });
    if (!resumed) {
      this.cursor = state.cursor;
      for (const one of this.conversations.values()) one.clear();
    }
    this.me = { name, role, guest: account === null };
    const here = new Set(people.map(fold));
    for (const one of this.people.values()) if (one.guest && !here.has(fold(one.name))) this.#left(one.name);
    this.people = new Map(people.map((one) => [fold(one), { ...this.people.get(fold(one)), name: one, away: null }]));
    const names = new Set(rooms.map((room) => keyOf("room", room.name)));
    for (const room of rooms) {
      const one = this.#room(room);
      if (this.me.guest) continue;
      Object.assign(one, { unread: room.unread, mentions: room.mentions });
      if (!resumed || after(room.seen, one.seen) > 0) one.seen = room.seen;
    }
    // A guest's rooms last as long as the guest.
    for (const room of (this.me.guest && !resumed && this.session.rooms) || []) this.#conversation("room", room);
    for (const one of [...this.conversations.values()]) {
      if (one.kind !== "room" || names.has(one.key)) continue;
      if (this.me.guest) this.#rejoin(one);
      else this.#forget(one);
    }
    this.resuming = resumed;
    const news = motd && !(resumed && motd === this.motd);
    this.motd = motd;
    const wanted = this.session.at && this.conversations.get(this.session.at);
    if (!this.current || !this.conversations.has(this.current.key))
      this.open(wanted ?? this.conversations.values().next().value ?? null);
    else this.#look(this.current);
    if (news) (this.looking ?? Promise.resolve()).then(() => this.note(this.shown, `Message of the day: ${motd}`));
    this.#set("here");
    if (people.some((one) => !this.#near(fold(one)))) this.survey();
    this.#ask("/help", (rows) => (this.commands = rows));
    if (!resumed) this.#ask("/talks", (rows) => this.#talks(rows));
    if (!resumed) this.#resend();
    this.listener.lists();
  }

  #talks(rows) {
    for (const row of rows) {
      const gone = row.guest && !row.here;
      if (gone && !row.unread) continue;
      const one = this.#talkWith(row.name, row.person_id, { gone });
      if (after(row.last, one.newest) > 0) one.newest = row.last;
      one.seen = row.seen;
      if (!this.me.guest) one.unread = Math.max(one.unread, row.unread);
    }
    this.listener.lists();
  }

  async #rejoin(one) {
    this.returning.add(one.key);
    try {
      await this.command(`/join ${one.name}`);
      one.clear();
      if (one === this.current) this.latest(one);
    } catch (error) {
      if (error instanceof Refusal) this.#forget(one);
    } finally {
      this.returning.delete(one.key);
    }
  }

  /** For the next page that is opened. */
  #keepRooms() {
    const rooms = [...this.conversations.values()].filter((one) => one.kind === "room").map((one) => one.name);
    this.#keep({ ...this.session, rooms: this.me.guest ? rooms : undefined });
  }

  #down(wait, closing) {
    for (const one of this.conversations.values()) one.loading = false;
    this.resuming = false;
    if (wait === null) {
      if (this.state !== "door") this.#set("ended", closing?.text ?? "");
    } else {
      const here = this.me && this.session.token;
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
    this.#keep({ name: this.session.name });
    Object.assign(this, { me: null, cursor: "", current: null, nowhere: this.#nothing(), room: null, commands: [] });
    this.conversations.clear();
    this.people.clear();
    this.#set("connecting");
    this.connection.open();
  }

  // Asking

  /** Run a command; its answer `done` has `before`. */
  async command(line, room) {
    const done = await this.connection.request({ do: "command", line, ...(room ? { room } : {}) });
    if (done.token) this.#keep({ ...this.session, token: done.token });
    // Nobody is told that a guest owns the name now.
    if (/^\/register\s/i.test(line) && this.me?.guest) {
      this.#renamed({ person: this.me.name, now: this.me.name });
      this.listener.lists();
    }
    return done;
  }

  async #ask(line, use, room) {
    try {
      const { before } = await this.command(line, room);
      for (const one of before) if (one.event === "listing") use(one.rows, one);
    } catch {
      // Nothing that one could not do without.
    }
  }

  rooms() {
    return new Promise((resolve) => this.#ask("/rooms", resolve));
  }

  // Conversations

  #room({ name, topic, people, private: secret, history }) {
    const one = this.#conversation("room", name);
    const map = new Map(people.map((person) => [fold(person), person]));
    Object.assign(one, { topic, private: secret, history, people: map });
    return one;
  }

  #nothing() {
    return Object.assign(new Conversation(this, "nowhere", ""), { loaded: true, atStart: true });
  }

  #conversation(kind, name) {
    const key = keyOf(kind, name);
    if (!this.conversations.has(key)) this.conversations.set(key, new Conversation(this, kind, name));
    return this.conversations.get(key);
  }

  /** What is said with one person. */
  talk(name) {
    return this.#conversation("direct", this.people.get(fold(name))?.name ?? name);
  }

  /**
   * What is said with one person. Names of guests are others' later on: the id tells.
   * @param gone Whether that is a guest who has left.
   * @param missed Whether it is not known if they are here.
   */
  #talkWith(name, id, { gone, missed } = {}) {
    const known = [...this.conversations.values()].find(({ who }) => id && who === id);
    if (known && (!known.over || gone || missed)) {
      if (gone) this.#end(known);
      return known;
    }
    const named = this.conversations.get(keyOf("direct", name));
    if (gone) {
      const one = Object.assign(new Conversation(this, "direct", name), { who: id });
      this.#end(one);
      return one;
    }
    if (named?.who && id && named.who !== id) this.#end(named);
    const one = this.talk(name);
    this.#isWith(one, id);
    return one;
  }

  /** That to which a private message of the past belongs. */
  talkOf({ sender, sender_id, to, to_id }) {
    const [name, id] = sender === this.me.name ? [to, to_id] : [sender, sender_id];
    const named = this.conversations.get(keyOf("direct", name));
    return this.#talkWith(name, id, { gone: !!named?.who && named.who !== id, missed: true });
  }

  /** It is known with whom it is; who has come back has left no more. */
  #isWith(one, id) {
    if (!id) return;
    one.who = id;
    for (const other of [...this.conversations.values()])
      if (other !== one && other.who === id) {
        if (this.current === other) this.open(one);
        this.#forget(other);
      }
  }

  /** A guest is here no more. */
  #left(name) {
    const one = this.conversations.get(keyOf("direct", name));
    if (one) this.#end(one);
    if (fold(this.correspondent) === fold(name)) this.correspondent = "";
  }

  /** A guest has left: whoever takes the name next is somebody else. */
  #end(one) {
    if (one.over) return;
    if (this.conversations.get(one.key) === one) this.conversations.delete(one.key);
    one.over = true;
    one.key += ` ${one.who || Date.now()}`; // names have no spaces
    this.conversations.set(one.key, one);
    this.listener.changed(one);
    this.listener.lists();
  }

  #forget(one) {
    this.conversations.delete(one.key);
    this.#keepRooms();
    if (this.room === one) this.room = null;
    if (this.current === one) this.open(this.conversations.values().next().value ?? null);
    this.listener.lists();
  }

  /** Take a private conversation off the list; what was said is kept. */
  hide(one) {
    this.#forget(one);
  }

  /** Look at another conversation. */
  open(one) {
    if (this.current && this.current !== one) {
      this.current.line = null;
      if (this.current.atEnd) this.current.dropOldest(KEPT);
    }
    this.current = one;
    if (one?.kind === "room") this.room = one;
    if (!one) {
      this.nowhere = this.#nothing();
      this.listener.changed(this.nowhere);
      return this.listener.lists();
    }
    if (one.unread && !one.line) one.line = one.seen;
    this.#keep({ ...this.session, at: one.key });
    this.#look(one);
    this.listener.lists();
    this.listener.changed(one);
  }

  #look(one) {
    if (!one.loaded) this.looking = this.latest(one);
    if (one.kind === "room")
      this.#ask(`/who ${one.name}`, (rows) => {
        for (const { name, guest, away, role } of rows) this.people.set(fold(name), { name, guest, away, role });
        this.listener.lists();
      });
  }

  #near(key) {
    return [...this.conversations.values()].some((one) => one.people.has(key));
  }

  /** Who is here but in no room of one's own: their comings and goings are not told. */
  survey() {
    if (this.state !== "here" || this.people.size > SURVEYED) return;
    this.#ask("/who *", (rows) => {
      const names = new Set(rows.map(({ name }) => fold(name)));
      for (const [key, { name, guest }] of [...this.people])
        if (rows.length < SURVEYED && !this.#near(key) && !names.has(key)) {
          this.people.delete(key);
          if (guest) this.#left(name);
        }
      for (const { name, guest, away, role } of rows)
        if (!this.#near(fold(name))) this.people.set(fold(name), { name, guest, away, role });
      this.listener.lists();
    });
  }

  // History

  async #history(one, bounds, limit = PAGE) {
    if (one.loading) return null;
    one.loading = true;
    this.listener.changed(one);
    try {
      const answer = await this.connection.request({ do: "history", ...one.where, ...bounds, limit });
      return answer.before.find((event) => event.event === "history");
    } catch (error) {
      if (error instanceof Refusal) {
        one.atStart = one.loaded = true; // not again and again
        one.append({ event: "error", text: error.message });
      }
      return null;
    } finally {
      one.loading = false;
      this.listener.changed(one);
    }
  }

  /** Load what was said last. */
  async latest(one) {
    const past = await this.#history(one, {}, Math.min(200, Math.max(PAGE, one.unread + 10)));
    if (!past) return;
    const oldest = past.events[0]?.id;
    for (const event of past.events) one.insert(event);
    const told = past.events.find(({ to_id }) => to_id);
    if (told && !one.who) this.#isWith(one, fold(told.sender) === fold(one.name) ? told.sender_id : told.to_id);
    one.atStart = !past.more && (!oldest || one.items[0].id === oldest);
    one.loaded = one.atEnd = true;
    this.listener.changed(one);
  }

  /** Load what was said before what is there. */
  async older(one) {
    const first = one.items.find((item) => !item.local);
    if (one.atStart || !one.loaded || !first) return;
    const past = await this.#history(one, { before: first.id });
    if (!past) return;
    for (const event of past.events) one.insert(event);
    one.atStart = !past.more;
    one.dropNewest(SHOWN);
    this.listener.changed(one);
  }

  /** Load what was said after what is there. */
  async newer(one) {
    if (one.atEnd || !one.loaded) return;
    const last = one.items.findLast((item) => !item.local);
    const past = await this.#history(one, { after: last?.id ?? "0" });
    if (!past) return;
    for (const event of past.events) one.insert(event);
    one.dropOldest(SHOWN);
    if (!past.more) {
      one.atEnd = true;
      for (const event of one.tail.splice(0)) one.insert(event);
    }
    this.listener.changed(one);
  }

  /** Look at the place where something was said. */
  async around(one, id) {
    this.open(one);
    if (one.ids.has(id)) return;
    one.loading = false;
    const past = await this.#history(one, { around: id });
    if (!past) return;
    one.clear();
    for (const event of past.events) one.insert(event);
    one.loaded = true;
    one.atStart = past.events[0]?.id === id || !past.more;
    one.atEnd = false;
    this.listener.changed(one);
  }

  /** Look at what is said now. */
  toEnd(one) {
    if (one.atEnd) return;
    one.clear();
    this.latest(one);
  }

  search(words, before) {
    return this.connection.request({ do: "search", words, ...(before ? { before } : {}) });
  }

  /** All that was said in a room. */
  log(one) {
    return this.command(`/getlog ${one.name}`);
  }

  // Saying

  /** Say something; it is shown at once, and then what became of it. */
  say(one, text, emote = false) {
    const event = emote ? "emoted" : one.kind === "room" ? "said" : "whispered";
    const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const item = { event, key, text, sender: this.me.name, time: Date.now() / 1000, state: "sending", born: Date.now() };
    if (one.kind === "direct") item.to = one.name;
    one.line = null;
    one.pending.push(item);
    if (!one.atEnd) this.toEnd(one);
    this.#transmit(one, item);
  }

  async #transmit(one, item) {
    Object.assign(item, { state: "sending", why: "", unsure: false });
    this.listener.changed(one);
    const { text, key } = item;
    const request =
      item.event === "emoted" ? { do: "command", line: `/me ${text}`, room: one.name, key }
      : one.kind === "room" ? { do: "say", room: one.name, text, key }
      : { do: "whisper", to: one.name, text, key, ...(one.who ? { to_id: one.who } : {}) };
    try {
      const { id, time, before, to_id } = await this.connection.request(request);
      if (to_id) this.#isWith(one, to_id);
      for (const { text } of before) this.note(one, text);
      this.#settle(one, item, { id, time });
    } catch (error) {
      const { closing } = this.connection;
      if (error instanceof Refusal) Object.assign(item, { state: "failed", why: error.message, hopeless: error.code === "too-long" });
      else if (closing && !closing.retry) Object.assign(item, { state: "failed", why: closing.text });
      else item.state = "lost"; // known when the connection is back
      this.listener.changed(one);
    }
  }

  #settle(one, item, { id, time }) {
    one.pending = one.pending.filter((other) => other !== item);
    const { event, text, sender, to, key } = item;
    if (one.atEnd && id) one.insert({ event, text, sender, to, key, id, time, guest: this.me.guest });
    this.listener.changed(one);
    this.listener.lists();
  }

  retry(one, item) {
    item.born = Date.now();
    this.#transmit(one, item);
  }

  discard(one, item) {
    one.pending = one.pending.filter((other) => other !== item);
    this.listener.changed(one);
  }

  /** What was under way when the line broke goes again: its key keeps it from being said twice. */
  #resend() {
    for (const one of this.conversations.values())
      for (const item of one.pending.filter((item) => item.state === "lost")) {
        if (Date.now() - item.born < RESEND && one.history) this.#transmit(one, item);
        else Object.assign(item, { state: "failed", unsure: true });
        this.listener.changed(one);
      }
  }

  /** Tell something that only this page knows. */
  note(one, text, more = {}) {
    one.append({ event: "notice", text, ...more });
    this.listener.changed(one);
  }

  // What was read

  /** Whoever is at the page has read a conversation. */
  saw(one) {
    if (!one.unread && !one.mentions && after(one.newest, one.seen) <= 0) return;
    const counted = one.unread || one.mentions;
    one.unread = one.mentions = 0;
    one.seen = one.newest;
    if (counted) this.listener.lists();
    if (!this.me?.guest) (this.toTell ??= new Set()).add(one);
    this.telling ??= setTimeout(() => {
      this.telling = null;
      for (const { where, seen } of this.toTell ?? [])
        this.connection.request({ do: "seen", ...where, id: seen }).catch(() => {});
      this.toTell?.clear();
    }, 1_500);
  }

  /** The same person has read it elsewhere. */
  #seen({ room, person, id }) {
    const one = this.conversations.get(room ? keyOf("room", room) : keyOf("direct", person));
    if (!one || after(id, one.seen) <= 0) return;
    one.seen = id;
    const left = [...one.items, ...one.tail].filter((item) => SPOKEN.has(item.event) && after(item.id, id) > 0);
    one.unread = Math.min(one.unread, left.length);
    one.mentions = Math.min(one.mentions, left.filter((item) => item.mention).length);
    this.listener.lists();
  }

  // What happens

  #happened(event) {
    if (event.cursor) this.cursor = event.cursor;
    switch (event.event) {
      case "done":
        if (event.rooms) this.#welcome(event, false);
        return;
      case "history":
        if (event.why === "missed") for (const one of event.events) this.#event(one, true);
        return;
      case "caught-up":
        if (event.gap) this.#gap();
        this.resuming = false;
        this.#resend();
        return;
      case "seen":
        return this.#seen(event);
      case "entered":
        return this.#entered(event);
      case "notice":
      case "failed":
        return this.note(this.shown, event.text);
    }
    this.#event(event, false);
  }

  /** More was missed than was sent: what is there does not reach what came. */
  #gap() {
    for (const one of this.conversations.values()) {
      one.clear();
      if (one === this.current) this.latest(one);
    }
  }

  #entered(event) {
    const one = this.#room({ ...event, name: event.room });
    one.seen = event.seen;
    one.unread = this.me.guest ? 0 : event.unread;
    if (this.current !== one && !this.resuming && !this.returning.has(one.key)) this.open(one);
    this.#keepRooms();
    this.listener.lists();
  }

  /** Whatever is wrong with one of them, the next is heard. */
  #event(event, missed) {
    try {
      this.#take(event, missed);
    } catch (error) {
      reportError(error);
    }
  }

  #take(event, missed) {
    this.#changeWho(event);
    if (event.event === "announced") {
      for (const one of this.conversations.values())
        if (one === this.current || one.kind === "room") this.#add(one, event, missed);
      return;
    }
    if (event.event === "unshared") this.#unshared(event);
    if (OFFICIAL.has(event.event)) {
      const one = this.shown;
      one.append(event);
      this.listener.changed(one);
      this.listener.came(one, event);
    }
    if (!KINDS.has(event.event)) return;
    const other = event.room === undefined && (event.sender === this.me.name ? event.to : event.sender);
    const one = other ? this.#talkWith(other, other === event.sender ? event.sender_id : event.to_id, { missed })
      : this.conversations.get(keyOf("room", event.room));
    if (!one) return;
    if (other === event.sender) this.correspondent = other;
    if (event.event === "topic") one.topic = event.text;
    if (event.event === "room") Object.assign(one, { private: event.private, history: event.history });
    if (event.event === "topic" || event.event === "room") this.listener.lists();
    this.#add(one, event, missed);
  }

  #add(one, event, missed) {
    const mine = event.sender === this.me.name;
    if (mine && event.key) {
      const known = one.pending.length;
      one.pending = one.pending.filter((item) => item.key !== event.key);
      if (known !== one.pending.length) this.listener.changed(one);
    }
    const attending = one === this.current && this.attending();
    if (one.ids.has(event.id)) return;
    const last = one.newest;
    if (one === this.current && one.atEnd && one.items.length >= SHOWN) {
      // Who reads further up must not have it moved away.
      if (this.listener.atBottom()) one.dropOldest(SHOWN - 1);
      else one.atEnd = false;
    } else if (one !== this.current && one.items.length > KEPT) one.dropOldest(KEPT);
    if (one.atEnd) one.insert(event);
    else {
      if (one.tail.some((item) => item.id === event.id)) return;
      one.tail.push(event);
      if (after(event.id, one.newest) > 0) one.newest = event.id;
      if (one.tail.length > SHOWN) one.tail.shift();
    }
    if (SPOKEN.has(event.event) && !mine) {
      if (!attending) {
        if (!one.unread && one === this.current) one.line ??= last;
        if (!missed || this.me.guest || one.kind === "direct") one.unread++;
        if (event.mention && !missed) one.mentions++;
      }
      this.listener.lists();
    }
    this.listener.changed(one);
    if (!missed) this.listener.came(one, event);
  }

  #unshared({ file, sender, refused }) {
    for (const one of this.conversations.values())
      for (const item of one.items)
        if (item.file === file && !item.gone) {
          item.gone = refused ? `${sender} does not want it.` : "It was removed.";
          item.version = (item.version ?? 0) + 1;
          this.listener.changed(one);
        }
  }

  // Who is here

  #changeWho(event) {
    const { person, room, rooms } = event;
    const key = person && fold(person);
    switch (event.event) {
      case "arrived":
        for (const name of rooms) this.#enters(name, event, "joined");
        this.people.set(key, { name: person, guest: !!event.guest, away: null });
        break;
      case "departed":
        this.people.delete(key);
        for (const one of this.conversations.values()) if (one.people.has(key)) this.#leaves(one, event);
        if (event.guest) this.#left(person);
        break;
      case "joined":
        if (!this.people.has(key)) this.people.set(key, { name: person, guest: !!event.guest, away: null });
        this.#enters(room, event, "joined");
        break;
      case "left": {
        const one = this.conversations.get(keyOf("room", room));
        if (one && person === this.me.name) this.#forget(one);
        else if (one) this.#leaves(one, event);
        break;
      }
      case "moderated": {
        const one = this.conversations.get(keyOf("room", room));
        if (!one || (event.act !== "kick" && event.act !== "ban")) return;
        one.people.delete(key);
        if (person === this.me.name) {
          this.#forget(one);
          const why = event.reason ? `: ${event.reason}` : ".";
          this.listener.notice(`${event.sender} put you out of #${room}${why}`);
        }
        break;
      }
      case "away":
        Object.assign(this.people.get(key) ?? {}, { away: event.text });
        break;
      case "renamed":
        this.#renamed(event);
        break;
      case "role":
        if (person === this.me.name) this.me.role = event.role;
        if (this.people.has(key)) this.people.get(key).role = event.role;
        break;
      case "motd":
        this.motd = event.text;
        break;
      default:
        return;
    }
    this.listener.lists();
  }

  #enters(name, event, what) {
    const one = this.conversations.get(keyOf("room", name));
    if (!one || one.people.has(fold(event.person))) return;
    one.people.set(fold(event.person), event.person);
    this.#came(one, event, what);
  }

  #leaves(one, event) {
    one.people.delete(fold(event.person));
    this.#came(one, event, "left");
  }

  /** Comings and goings that follow each other are one discreet line. */
  #came(one, { id, time, person }, what) {
    if (!one.atEnd || person === this.me.name) return;
    let group = one.items.at(-1);
    if (group?.event !== "comings" || group.changes.size > 20) {
      one.append({ event: "comings", id, time, changes: new Map() });
      group = one.items.at(-1);
    }
    const before = group.changes.get(person);
    group.changes.set(person, before && before !== what ? (what === "left" ? "came and went" : "came back") : what);
    group.version = (group.version ?? 0) + 1;
    this.listener.changed(one);
  }

  #renamed({ id, time, person, now, guest }) {
    const [was, is] = [fold(person), fold(now)];
    if (person === this.me.name) {
      const role = this.me.guest && !guest ? "member" : this.me.role;
      this.me = { name: now, guest: !!guest, role };
      this.#keep({ ...this.session, name: now });
    }
    this.people.set(is, { ...this.people.get(was), name: now, guest: !!guest });
    if (was !== is) this.people.delete(was);
    for (const one of [...this.conversations.values()]) {
      if (one.people.delete(was)) {
        one.people.set(is, now);
        if (person !== now) this.#came(one, { id, time, person }, `is now ${now}`);
      }
      if (one.key === `@${was}` && was !== is) {
        this.conversations.delete(one.key);
        Object.assign(one, { name: now, key: `@${is}` });
        this.conversations.set(one.key, one);
      }
    }
  }
}
