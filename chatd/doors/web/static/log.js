// What was said in the conversation that is looked at.

import { after } from "./conversation.js";
import { newer, older } from "./history.js";
import { discard, retry } from "./saying.js";
import { arrange, avatar, clock, day, full, make, sentence, size, tint, words } from "./show.js";

const NEAR = 400; // pixels from an end at which more is loaded
const BOTTOM = 48;
const TOGETHER = 300; // seconds in which messages of one person stand together
const LINES = 8; // of a paste, before it is folded
const CHARACTERS = 1_600;

/** Only what changed is made anew. */
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
    if (conversation.loaded && element.scrollTop < NEAR) older(conversation);
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
    if (scrollTop < NEAR) older(conversation);
    if (scrollHeight - scrollTop - clientHeight < NEAR) newer(conversation);
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
        onclick: () => retry(conversation, item) }),
      make("button", { textContent: "Discard", onclick: () => discard(conversation, item) }));
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
