// What goes on in the chat: the conversations, and what happens in them. Knows nothing of
// how it looks; tells its listener what changed. The protocol: docs/protocol.rst.

import { Refusal } from "./connection.js";
import { Conversation, KEPT, SHOWN, SPOKEN, after, fold, keyOf } from "./conversation.js";
import { latest, seen } from "./history.js";
import { changeWho, look, renamed, survey, unseen, welcome } from "./people.js";
import { resend } from "./saying.js";

const KINDS = new Set([...SPOKEN, "topic", "room", "moderated", "announced", "opened", "invited"]);
const OFFICIAL = new Set(["role", "lockdown", "motd", "banned", "unbanned", "killed"]); // of no room, and not kept

export class Chat {
  /**
   * @param listener What to tell: lists(), changed(conversation), came(conversation,
   *   item), notice(text); and to ask: attending(), atBottom().
   */
  constructor(session, listener) {
    Object.assign(this, { session, listener });
    this.clear();
  }

  /** Nobody has come in. */
  clear() {
    Object.assign(this, {
      conversations: new Map(), // by key
      people: new Map(), // by folded name: name, guest, away, role
      commands: [],
      current: null,
      nowhere: this.#nothing(), // what is shown who is in no room
      room: null, // the room that was looked at last
      correspondent: "",
      returning: new Set(), // keys of rooms that are being joined again
      resuming: false,
    });
  }

  get state() {
    return this.session.state;
  }

  get me() {
    return this.session.me;
  }

  /** Whether a name is one's own. */
  isMe(name) {
    return !!this.me && fold(name ?? "") === fold(this.me.name);
  }

  // Coming in

  /** How things are, for who comes in. */
  welcome({ rooms, people, motd }, resumed) {
    const { guest } = this.me;
    const { stored } = this.session;
    if (!resumed) for (const one of this.all) one.clear();
    welcome(this, people);
    const names = new Set(rooms.map((room) => keyOf("room", room.name)));
    for (const room of rooms) {
      const one = this.#room(room);
      if (guest) continue;
      Object.assign(one, { unread: room.unread, mentions: room.mentions });
      if (!resumed || after(room.seen, one.seen) > 0) one.seen = room.seen;
    }
    // A guest's rooms last as long as the guest.
    for (const room of (guest && !resumed && stored.rooms) || []) this.#conversation("room", room);
    for (const one of this.all) {
      if (one.kind !== "room" || names.has(one.key)) continue;
      if (guest) this.#rejoin(one);
      else this.drop(one);
    }
    this.resuming = resumed;
    const news = motd && !(resumed && motd === this.motd);
    this.motd = motd;
    const wanted = this.conversations.get(stored.at);
    if (!this.current || !this.conversations.has(this.current.key)) this.open(wanted ?? this.all[0] ?? null);
    else this.#look(this.current);
    if (news) (this.looking ?? Promise.resolve()).then(() => this.note(this.shown, `Message of the day: ${motd}`));
    if (unseen(this)) survey(this);
    this.ask("/help", (rows) => (this.commands = rows));
    if (!resumed) {
      this.ask("/talks", (rows) => this.#talks(rows));
      this.#resend();
    }
    this.listener.lists();
  }

  #talks(rows) {
    for (const row of rows) {
      const gone = row.guest && !row.here;
      if (gone && !row.unread) continue;
      const one = this.#talkWith(row.name, row.person_id, { gone });
      one.reaches(row.last);
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
      if (one === this.current) latest(one);
    } catch (error) {
      if (error instanceof Refusal) this.drop(one);
    } finally {
      this.returning.delete(one.key);
    }
  }

  /** The connection did. */
  broke() {
    for (const one of this.all) one.loading = false;
    this.resuming = false;
  }

  #resend() {
    for (const one of this.all) resend(one);
  }

  // Asking

  /** @return A promise of the answer `done`, with `before`: what came before it. */
  request(fields) {
    return this.session.connection.request(fields);
  }

  /** Run a command. */
  async command(line, room) {
    const done = await this.request({ do: "command", line, ...(room ? { room } : {}) });
    if (done.token) this.session.keep({ token: done.token });
    // Nobody is told that a guest owns the name now.
    if (/^\/register\s/i.test(line) && this.me?.guest) {
      renamed(this, { person: this.me.name, now: this.me.name });
      this.listener.lists();
    }
    return done;
  }

  /** Run one whose answer one could do without. */
  async ask(line, use) {
    try {
      const { before } = await this.command(line);
      for (const one of before) if (one.event === "listing") use(one.rows);
    } catch {
      // Nothing that one could not do without.
    }
  }

  // Conversations

  get all() {
    return [...this.conversations.values()];
  }

  find(kind, name) {
    return this.conversations.get(keyOf(kind, name));
  }

  /** What is looked at. */
  get shown() {
    return this.current ?? this.nowhere;
  }

  #nothing() {
    return Object.assign(new Conversation(this, "nowhere", ""), { loaded: true, atStart: true });
  }

  #conversation(kind, name) {
    const key = keyOf(kind, name);
    if (!this.conversations.has(key)) this.conversations.set(key, new Conversation(this, kind, name));
    return this.conversations.get(key);
  }

  #room({ name, topic, people, private: secret, history }) {
    const one = this.#conversation("room", name);
    const map = new Map(people.map((person) => [fold(person), person]));
    return Object.assign(one, { topic, private: secret, history, people: map });
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
    const known = this.all.find(({ who }) => id && who === id);
    if (known && (!known.over || gone || missed)) {
      if (gone) this.#end(known);
      return known;
    }
    if (gone) {
      const one = Object.assign(new Conversation(this, "direct", name), { who: id });
      this.#end(one);
      return one;
    }
    const named = this.find("direct", name);
    if (named?.who && id && named.who !== id) this.#end(named);
    const one = this.talk(name);
    this.isWith(one, id);
    return one;
  }

  /** That to which a private message of the past belongs. */
  talkOf({ sender, sender_id, to, to_id }) {
    const [name, id] = sender === this.me.name ? [to, to_id] : [sender, sender_id];
    const named = this.find("direct", name);
    return this.#talkWith(name, id, { gone: !!named?.who && named.who !== id, missed: true });
  }

  /** It is known with whom it is; who has come back has left no more. */
  isWith(one, id) {
    if (!id) return;
    one.who = id;
    for (const other of this.all)
      if (other !== one && other.who === id) {
        if (this.current === other) this.open(one);
        this.drop(other);
      }
  }

  /** A guest is here no more. */
  left(name) {
    const one = this.find("direct", name);
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
    one.changed();
    this.listener.lists();
  }

  /** Take one off the list; what was said is kept. */
  drop(one) {
    this.conversations.delete(one.key);
    this.#keepRooms();
    if (this.room === one) this.room = null;
    if (this.current === one) this.open(this.all[0] ?? null);
    this.listener.lists();
  }

  /** For the next page that is opened. */
  #keepRooms() {
    const rooms = this.all.filter((one) => one.kind === "room").map((one) => one.name);
    this.session.keep({ rooms: this.me.guest ? rooms : undefined });
  }

  /** Look at another conversation. */
  open(one) {
    if (this.current && this.current !== one) {
      this.current.line = null;
      if (this.current.atEnd) this.current.dropOldest(KEPT);
    }
    this.current = one;
    if (one?.kind === "room") this.room = one;
    if (!one) this.nowhere = this.#nothing();
    else {
      if (one.unread && !one.line) one.line = one.seen;
      this.session.keep({ at: one.key });
      this.#look(one);
    }
    this.listener.lists();
    this.shown.changed();
  }

  #look(one) {
    if (!one.loaded) this.looking = latest(one);
    if (one.kind === "room") look(this, one);
  }

  // What happens

  /** Tell something that only this page knows. */
  note(one, text, more = {}) {
    one.append({ event: "notice", text, ...more });
    one.changed();
  }

  happened(event) {
    switch (event.event) {
      case "history":
        if (event.why === "missed") for (const one of event.events) this.#event(one, true);
        return;
      case "caught-up":
        if (event.gap) this.#gap();
        this.resuming = false;
        return this.#resend();
      case "seen":
        return seen(event.room ? this.find("room", event.room) : this.find("direct", event.person), event.id);
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
    for (const one of this.all) {
      one.clear();
      if (one === this.current) latest(one);
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
    changeWho(this, event);
    if (event.event === "motd") this.motd = event.text;
    if (event.event === "announced") {
      for (const one of this.all) if (one === this.current || one.kind === "room") this.#add(one, event, missed);
      return;
    }
    if (event.event === "unshared") this.#unshared(event);
    if (OFFICIAL.has(event.event)) {
      const one = this.shown;
      one.append(event);
      one.changed();
      this.listener.came(one, event);
    }
    if (!KINDS.has(event.event)) return;
    const other = event.room === undefined && (event.sender === this.me.name ? event.to : event.sender);
    const one = other ? this.#talkWith(other, other === event.sender ? event.sender_id : event.to_id, { missed })
      : this.find("room", event.room);
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
      if (known !== one.pending.length) one.changed();
    }
    const attending = one === this.current && this.listener.attending();
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
      one.reaches(event.id);
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
    one.changed();
    if (!missed) this.listener.came(one, event);
  }

  #unshared({ file, sender, refused }) {
    for (const one of this.all)
      for (const item of one.items)
        if (item.file === file && !item.gone) {
          item.gone = refused ? `${sender} does not want it.` : "It was removed.";
          item.version = (item.version ?? 0) + 1;
          one.changed();
        }
  }
}
