// A room, or what is said between two people: what is known of it, in order.

export const SHOWN = 500; // messages of a conversation kept at once; others are fetched again
export const KEPT = 150; // of one that is not looked at

export const SPOKEN = new Set(["said", "emoted", "whispered", "shared"]);

/** Ids are numbers too large for JavaScript, as text. */
export const after = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
export const fold = (name) => name.toLowerCase();
export const keyOf = (kind, name) => (kind === "room" ? "#" : "@") + fold(name);

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

  /** Something of it has changed. */
  changed() {
    this.chat.listener.changed(this);
  }

  /** There is something with this id. */
  reaches(id) {
    if (after(id, this.newest) > 0) this.newest = id;
  }

  /** Put events where they belong, which may be there already. */
  insert(...items) {
    for (const item of items) {
      if (this.ids.has(item.id)) continue;
      this.reaches(item.id);
      this.ids.add(item.id);
      let at = this.items.length;
      while (at && after(this.items[at - 1].id, item.id) > 0) at--;
      this.items.splice(at, 0, item);
    }
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
