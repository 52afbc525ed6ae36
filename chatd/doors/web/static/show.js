// How things look: elements and words without HTML, and the log of a conversation.

import { after } from "./chat.js";

/**
 * Make an element.
 * @param kind Its tag, and classes behind dots.
 * @param children What is in it; first perhaps an object of properties, of which those
 *   that begin with "on" are listened to.
 */
export function make(kind, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  const given = Object.getPrototypeOf(children[0] ?? "") === Object.prototype ? children.shift() : {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (id) => document.getElementById(id);

/** The same person has the same colour everywhere. */
export function hue(name) {
  let sum = 7;
  for (const character of name.toLowerCase()) sum = Math.imul(sum ^ character.codePointAt(0), 0x9e3779b1);
  sum = Math.imul(sum ^ (sum >>> 15), 0x85ebca6b);
  return ((sum ^ (sum >>> 13)) >>> 0) % 360;
}

export function tint(element, name) {
  element.style.setProperty("--hue", hue(name));
  return element;
}

/** The letter that stands for somebody, in their colour. */
export const avatar = (name) =>
  tint(make("span.avatar", { ariaHidden: "true", textContent: [...name][0].toUpperCase() }), name);

/** Put elements where they belong, leaving those that are there. */
export function arrange(list, wanted) {
  const kept = new Set(wanted);
  for (const one of [...list.children]) if (!kept.has(one)) one.remove();
  wanted.forEach((one, at) => list.children[at] !== one && list.insertBefore(one, list.children[at] ?? null));
}

const LINK = /https?:\/\/[^\s<>"“”«»]+/giu;
const CLOSING = { ")": "(", "]": "[", "}": "{" };

/** Text with links that can be followed and the reader's name marked; never HTML. */
export function words(text, me) {
  const found = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trim(match[0]);
    let url;
    try {
      url = new URL(address);
    } catch {
      continue;
    }
    if (!url.hostname || !/^https?:$/.test(url.protocol)) continue;
    found.append(named(text.slice(at, match.index), me));
    found.append(make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: address }));
    at = match.index + address.length;
  }
  found.append(named(text.slice(at), me));
  return found;
}

function trim(address) {
  for (;;) {
    const last = address.at(-1);
    const open = CLOSING[last];
    const unbalanced = open && address.split(open).length < address.split(last).length;
    if (!unbalanced && !/[.,:;!?'*_~]/.test(last)) return address;
    address = address.slice(0, -1);
  }
}

function named(text, me) {
  const found = document.createDocumentFragment();
  if (!me || !text) {
    found.append(text);
    return found;
  }
  const name = me.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const parts = text.split(new RegExp(`(?<![\\p{L}\\p{N}_-])(@?${name})(?![\\p{L}\\p{N}_])`, "iu"));
  parts.forEach((part, index) => found.append(index % 2 ? make("mark", part) : part));
  return found;
}

const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const DATE = new Intl.DateTimeFormat([], { dateStyle: "medium" });

export const clock = (time) => CLOCK.format(time * 1000);
export const full = (time) => FULL.format(time * 1000);
export const date = (time) => DATE.format(time * 1000);

export function day(time) {
  const [date, today, yesterday] = [new Date(time * 1000), new Date(), new Date()];
  yesterday.setDate(today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return DAY.format(date);
}

/** Bytes as people read them. */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 999.5 && unit < 3) {
    bytes /= 1000;
    unit++;
  }
  return `${unit && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${bytes === 1 && !unit ? "byte" : units[unit]}`;
}

const NEAR = 400; // pixels from an end at which more is loaded
const BOTTOM = 48;
const TOGETHER = 300; // seconds in which messages of one person stand together
const LINES = 8; // of a paste, before it is folded
const CHARACTERS = 1_600;

const ACTS = {
  kick: "put PERSON out of the room", ban: "banned PERSON", unban: "lifted the ban of PERSON",
  mute: "muted PERSON", unmute: "lets PERSON speak again",
  appoint: "made PERSON a moderator", dismiss: "made PERSON a moderator no more",
};

/** What was said in the conversation that is looked at: only what changed is made anew. */
export class Log {
  constructor(element, chat, actions) {
    Object.assign(this, { element, chat, actions, stick: true, shown: null, nodes: new WeakMap() });
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.stick && this.toBottom()).observe(element);
  }

  /** Show what changed, with the next frame. */
  changed(conversation) {
    if (conversation !== this.chat.shown || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.sync();
    });
  }

  toBottom() {
    this.element.scrollTop = this.element.scrollHeight;
    this.top = this.element.scrollTop;
  }

  /** Show the place where something was said. */
  find(id) {
    this.wanted = id;
    this.stick = false;
    this.changed(this.chat.current);
  }

  sync() {
    const { element } = this;
    const conversation = this.chat.shown;
    const fresh = this.shown !== conversation;
    if (fresh) {
      this.shown = conversation;
      this.stick = true;
      this.settled = false;
      element.replaceChildren();
    }
    const anchor = !fresh && !this.stick ? this.#anchor() : null;
    arrange(element, this.#rows(conversation));
    const held = anchor && element.querySelector(`[data-id="${CSS.escape(anchor.id)}"]`);
    if (held) element.scrollTop = held.offsetTop + held.offsetHeight - anchor.below;
    else if (this.stick) this.toBottom();
    if (!this.settled && conversation.loaded) {
      this.settled = true;
      const line = element.querySelector(".line");
      if (line && element.scrollHeight - line.offsetTop > element.clientHeight) {
        element.scrollTop = line.offsetTop - 60;
        this.stick = false;
        this.#measure();
      }
    }
    if (this.wanted) this.#go();
    if (conversation.loaded && element.scrollTop < NEAR) this.chat.older(conversation);
    this.actions.scrolled();
  }

  #go() {
    const node = this.element.querySelector(`[data-id="${CSS.escape(this.wanted)}"]`);
    if (!node) return;
    this.wanted = null;
    this.settled = true;
    node.scrollIntoView({ block: "center" });
    node.classList.add("found");
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
    this.#measure();
  }

  #anchor() {
    const top = this.element.scrollTop;
    let node = this.element.firstElementChild;
    while (node && (!node.dataset.id || node.offsetTop + node.offsetHeight <= top)) node = node.nextElementSibling;
    // Its lower edge: what stands above its words depends on what stands before it.
    return node && { id: node.dataset.id, below: node.offsetTop + node.offsetHeight - top };
  }

  /** At the end one stays there, whatever grows, until one scrolls up. */
  #measure() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const near = scrollHeight - scrollTop - clientHeight < BOTTOM;
    this.stick = near || (this.stick && scrollTop >= this.top);
    this.top = scrollTop;
  }

  #scrolled() {
    this.#measure();
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const conversation = this.shown;
    if (!conversation?.loaded || conversation !== this.chat.current) return;
    if (scrollTop < NEAR) this.chat.older(conversation);
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.chat.newer(conversation);
    this.actions.scrolled();
  }

  // Rows

  #rows(conversation) {
    const rows = [];
    const { items, pending } = conversation;
    if (!conversation.loaded || conversation.loading) rows.push(this.#fixed("loading", "Loading …"));
    else if (conversation.atStart) rows.push(this.#fixed("start", beginning(conversation), conversation.key));
    let [today, last, lined] = ["", null, !conversation.line];
    for (const item of pending.length ? [...items, ...pending] : items) {
      const date = new Date(item.time * 1000).toDateString();
      if (date !== today) {
        today = date;
        last = null;
        rows.push(this.#fixed(`day ${date}`, day(item.time)));
      }
      if (!lined && item.id && !item.local && after(item.id, conversation.line) > 0) {
        lined = true;
        last = null;
        rows.push(this.#fixed("line", "New since you left"));
      }
      const together = joins(last, item);
      rows.push(this.#row(conversation, item, together));
      last = item;
    }
    if (conversation.over) rows.push(this.#fixed("start over", `${conversation.name} has left. This conversation is over.`));
    else if (conversation.loaded && conversation.kind !== "nowhere" && !items.length && !pending.length) rows.push(this.#fixed("empty", "Nothing has been said here yet. Say hello!"));
    return rows;
  }

  #fixed(name, text, more = "") {
    this.fixed ??= new Map();
    const key = `${name}\n${text}\n${more}`;
    if (!this.fixed.has(key)) {
      if (this.fixed.size > 200) this.fixed.clear();
      const [kind] = name.split(" ");
      const tag = kind === "day" || kind === "line" ? "h3" : "p";
      this.fixed.set(key, make(`${tag}.${kind}`, make("span", text)));
    }
    return this.fixed.get(key);
  }

  #row(conversation, item, together) {
    const sign = `${together} ${item.state} ${item.version} ${item.open} ${item.why} ${conversation.key} ${this.chat.me?.name} ${item.state && this.chat.state} ${item.file && !!this.files}`;
    let known = this.nodes.get(item);
    if (known?.sign !== sign) {
      known = { sign, node: this.#make(conversation, item, together) };
      this.nodes.set(item, known);
    }
    return known.node;
  }

  #make(conversation, item, together) {
    switch (item.event) {
      case "said":
      case "whispered":
      case "emoted":
      case "shared":
        return this.#spoken(conversation, item, together);
      case "comings": {
        const parts = [...item.changes].map(([name, what]) => `${name} ${what}`);
        return make("p.system.comings", parts.join(" · "));
      }
      case "notice":
      case "error":
        return this.#note(item);
      default:
        return make("p.system", { dir: "auto" }, words(sentence(item), this.chat.me?.name), " ", moment(item));
    }
  }

  #note({ event, text, lines, button }) {
    const box = make(`div.note.${event}`, { dir: "auto" }, make("p", words(text)));
    if (lines?.length) box.append(make("pre", { tabIndex: 0, ariaLabel: "Answer of the server" }, words(lines.join("\n"))));
    if (button) box.append(make("button", { textContent: button.text, onclick: button.act }));
    return box;
  }

  #spoken(conversation, item, together) {
    const { chat } = this;
    const mine = chat.isMe(item.sender);
    const emote = item.event === "emoted";
    const kinds = ["div.message", together && "together", item.mention && "mention", emote && "emote", item.state];
    const node = make(kinds.filter(Boolean).join("."), { "data-id": item.id });
    const who = mine || conversation.kind === "direct"
      ? make("span.who", item.sender)
      : make("button.who", { title: `Write to ${item.sender} alone`, textContent: item.sender,
          onclick: () => this.actions.pick(item.sender) });
    tint(node, item.sender);
    node.append(
      avatar(item.sender),
      emote ? "" : make("div.head", who, item.guest && make("span.tag", "guest"), moment(item)),
    );
    const body = make("div.text", { dir: "auto" });
    if (item.event === "shared") this.#file(body, item, mine);
    else if (emote) body.append(who, " ", words(item.text, chat.me?.name), moment(item));
    else this.#fill(body, item);
    node.append(body);
    if (item.state) node.append(this.#state(conversation, item));
    return node;
  }

  #file(body, item, mine) {
    const changed = () => this.changed(this.shown);
    if (this.files) return body.append(this.files.card(item, mine, { chat: this.chat, fail: this.actions.fail, changed }));
    body.append(`${item.name} (${size(item.size)})`);
    import("./files.js").then((files) => {
      this.files = files;
      changed();
    });
  }

  #fill(body, item) {
    const me = this.chat.me?.name;
    const lines = item.text.split("\n");
    const long = lines.length > LINES || item.text.length > CHARACTERS;
    if (!long) return body.append(words(item.text, me));
    const some = lines.slice(0, LINES - 2).join("\n").slice(0, CHARACTERS / 2);
    const text = make("div.paste", words(item.open ? item.text : some, me));
    const what = lines.length > LINES ? `all ${lines.length} lines` : `all ${item.text.length} characters`;
    const toggle = () => {
      item.open = !item.open;
      this.changed(this.shown);
      requestAnimationFrame(() => this.nodes.get(item)?.node.querySelector(".fold")?.focus({ preventScroll: true }));
    };
    body.append(text, make("button.fold", {
      ariaExpanded: !!item.open,
      textContent: item.open ? "Show less" : `Show ${what}`, onclick: toggle,
    }));
  }

  #state(conversation, item) {
    if (item.state !== "failed") {
      const text = item.state === "lost" ? "waiting for the connection …" : "sending …";
      return make("div.state", text);
    }
    const { chat } = this;
    return make("div.state",
      make("span", item.unsure ? "Perhaps not sent: look before you retry." : `Not sent. ${item.why}`),
      !conversation.over && !item.hopeless && make("button.retry", { textContent: "Retry", disabled: chat.state !== "here",
        onclick: () => chat.retry(conversation, item) }),
      make("button", { textContent: "Discard", onclick: () => chat.discard(conversation, item) }));
  }
}

const CHATTED = new Set(["said", "whispered", "shared"]);

function joins(last, item) {
  return !!last && CHATTED.has(last.event) && CHATTED.has(item.event) && last.sender === item.sender
    && item.time - last.time < TOGETHER;
}

function moment({ time }) {
  return make("time", { dateTime: new Date(time * 1000).toISOString(), title: full(time), textContent: clock(time) });
}

function beginning(conversation) {
  if (conversation.kind === "nowhere") return "You are in no room. Join one to talk.";
  if (conversation.kind === "direct") return `This is all that you and ${conversation.name} told each other. Nobody else sees it.`;
  if (!conversation.history) return "What is said in this room is not kept.";
  return `This is the beginning of ${conversation.title}.`;
}

/** What happened, as a sentence. */
export function sentence(event) {
  const { sender, person, text } = event;
  const ever = ["mute", "ban"].includes(event.act) || event.event === "banned" ? " for ever" : "";
  const until = event.until ? ` until ${full(event.until)}` : ever;
  const reason = event.reason ? `: ${event.reason}` : "";
  switch (event.event) {
    case "topic":
      return text ? `${sender} set the topic: ${text}` : `${sender} cleared the topic`;
    case "room":
      return `${sender} changed the room: it is ${event.private ? "private" : "public"}, and what is said is ${event.history ? "kept" : "not kept"}`;
    case "opened":
      return `${sender} opened the room`;
    case "invited":
      return `${sender} invited ${person}`;
    case "announced":
      return `Announcement by ${sender}: ${text}`;
    case "moderated":
      return `${sender} ${(ACTS[event.act] ?? event.act).replace("PERSON", () => person)}${until}${reason}`;
    case "role":
      return `${person} is ${event.role === "operator" ? "an operator" : "no operator"} now, by ${sender}.`;
    case "lockdown":
      return event.on ? `${sender} locked the server down: only members come in, and nobody registers.` : `${sender} ended the lock-down.`;
    case "motd":
      return text ? `${sender} set the message of the day: ${text}` : `${sender} cleared the message of the day.`;
    case "banned":
      return `${sender} banned ${event.target} from the server${until}${reason}`;
    case "unbanned":
      return `${sender} lifted the ban of ${event.target}`;
    case "killed":
      return `${sender} ended the sessions of ${person}${reason}`;
    case "shared":
      return `${sender} shares ${event.name}`;
    case "emoted":
      return `${sender} ${text}`;
    default:
      return `${sender}: ${text ?? ""}`;
  }
}
