// How things look: elements and words, without HTML.

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

const ACTS = {
  kick: "put PERSON out of the room", ban: "banned PERSON", unban: "lifted the ban of PERSON",
  mute: "muted PERSON", unmute: "lets PERSON speak again",
  appoint: "made PERSON a moderator", dismiss: "made PERSON a moderator no more",
};

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
