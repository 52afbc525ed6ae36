// The page: what is shown of the chat to who has come in, and what the keys do.

import { Chat } from "./chat.js";
import { Lost } from "./connection.js";
import { fold } from "./conversation.js";
import { session } from "./door.js";
import { around, saw, toEnd } from "./history.js";
import { showLists, showTitle } from "./lists.js";
import { Log } from "./log.js";
import { survey } from "./people.js";
import { $, make, sentence } from "./show.js";
import { given } from "./write.js";

const SURVEY = 30_000; // ms
const NOTIFY = "chatd-notify";

const frames = new Set();

/** Do something with the next frame, once. */
function soon(act) {
  if (frames.has(act)) return;
  frames.add(act);
  requestAnimationFrame(() => {
    frames.delete(act);
    act();
  });
}

export const chat = new Chat(session, {
  lists: () => {
    soon(showLists);
    queueMicrotask(showTitle);
  },
  changed: (conversation) => log.changed(conversation),
  came,
  notice: (text) => toast(text),
  attending,
  atBottom: () => log.stick,
});
export const log = new Log($("log"), chat, { pick, scrolled, fail });

// How it stands

let [was, writing] = ["", true]; // the state before; whether to go on writing

function showState() {
  const { me, state } = session;
  if (!me) return void ([was, writing] = ["", true]);
  const here = state === "here";
  writing ||= document.activeElement === $("text");
  $("field").disabled = !here || !!chat.current?.over;
  $("chat").classList.toggle("off", !here);
  $("join").disabled = $("log-file").disabled = $("search").disabled = !here;
  showBanner();
  if (here && writing) {
    writing = false;
    $("text").focus({ preventScroll: true });
  }
  if (was !== state && chat.current) log.changed(chat.current);
  was = state;
  showTitle();
}

function showBanner() {
  const { state } = session;
  const why = session.why && session.why.replace(/[^.!?…]$/, "$&.");
  const text = {
    here: "",
    away: why ? `The server is gone. It said: ${why}` : "The connection is lost. Nothing can be sent.",
    entering: "Coming back …",
    connecting: "Coming back …",
    closing: `The server says: ${why} Nothing more can be sent.`,
    ended: session.why || "You have left.",
    door: session.why || "Come in again.",
  }[state];
  $("banner").hidden = !text;
  if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
  $("now").hidden = !["away", "ended", "door"].includes(state);
  $("now").textContent = { ended: "Come back", door: "Log in" }[state] ?? "Try now";
  countDown();
}

function countDown() {
  clearTimeout(countDown.timer);
  const left = Math.ceil((session.until - Date.now()) / 1000);
  const waiting = session.state === "away" && left > 0;
  $("banner-wait").textContent = waiting ? `Trying again in ${left} s.` : "";
  if (waiting) countDown.timer = setTimeout(countDown, 500);
}

session.addEventListener("state", () => queueMicrotask(showState));
$("now").onclick = () => {
  if (session.state === "door") session.forget();
  else if (session.state === "away") session.connection.retry();
  else session.connection.open();
};

function toast(text) {
  chat.note(chat.shown, text);
  announce(text);
}

/** Tell those who hear the page. */
export function announce(text) {
  const line = make("p", text);
  $("announcer").append(line);
  setTimeout(() => line.remove(), 10_000);
}

// Conversations

/** Look at a conversation. */
export function go(one) {
  if (chat.current) chat.current.draft = $("text").value;
  if (one !== chat.current) chat.open(one);
  $("text").value = one.draft;
  one.draft = "";
  given();
  showPanel("");
  if (chat.state === "here") $("text").focus({ preventScroll: true });
}

/** Pick whom the next message is for. */
export function pick(name) {
  if (!chat.isMe(name)) go(chat.talk(name));
}

$("to").onclick = () => {
  if (matchMedia("(max-width: 1040px)").matches) showPanel("people");
  ($("persons").querySelector("[aria-pressed=true]") ?? $("persons").querySelector("button"))?.focus();
};
$("people").onpointerenter = () => survey(chat);
setInterval(() => document.hasFocus() && survey(chat), SURVEY);
$("join").onclick = () => more((dialogs) => dialogs.join(chat, go));
$("search").onclick = () => search("");
$("account").onclick = () => more((dialogs) => dialogs.account(chat, NOTIFY));
$("log-file").onclick = saveLog;

/** What is needed seldom is loaded when it is. */
async function more(use) {
  try {
    use(await import("./dialogs.js"));
  } catch (error) {
    fail(error);
  }
}

export const search = (words) => more((dialogs) => dialogs.search(chat, words, find));

function find(one, id) {
  if (one !== chat.current) go(one);
  around(one, id).then(() => log.find(id));
}

export async function saveLog() {
  const one = chat.room ?? chat.current;
  if (!one || one.kind !== "room") return;
  $("log-file").disabled = true;
  announce("The log is being fetched.");
  try {
    const { before } = await chat.command(`/getlog ${one.name}`);
    more((dialogs) => dialogs.saveLog(one, before));
  } catch (error) {
    fail(error);
  } finally {
    $("log-file").disabled = chat.state !== "here";
  }
}

export function fail(error) {
  const text = error instanceof Lost ? "The connection broke before the answer came." : error.message;
  chat.note(chat.shown, text, { event: "error" });
  announce(text);
}

// Panels on narrow screens

function showPanel(name) {
  const before = document.body.dataset.panel ?? "";
  if (before === name) return;
  document.body.dataset.panel = name;
  $("veil").hidden = !name;
  for (const one of ["places", "people"]) $(`open-${one}`).ariaExpanded = one === name;
  if (name) $(`close-${name}`).focus();
  else if ($(before)?.contains(document.activeElement)) $(`open-${before}`).focus();
}

for (const name of ["places", "people"]) {
  $(`open-${name}`).onclick = () => showPanel(document.body.dataset.panel === name ? "" : name);
  $(`close-${name}`).onclick = () => showPanel("");
}
$("veil").onclick = () => showPanel("");

// What comes

let heard = [];

function came(one, event) {
  if (chat.isMe(event.sender)) return;
  const read = one === chat.current && attending();
  if (one === chat.shown || event.mention || one.kind === "direct") {
    heard.push((one === chat.shown ? "" : `${one.title}, `) + sentence(event));
    came.timer ??= setTimeout(() => {
      came.timer = null;
      if (heard.length > 4) announce(`${heard.length} new messages. ${heard.at(-1)}`);
      else heard.forEach((text) => announce(text.slice(0, 300)));
      heard = [];
    }, 700);
  }
  if (!read && (event.mention || one.kind === "direct")) notify(one, event);
}

function notify(one, event) {
  if (!("Notification" in self) || Notification.permission !== "granted" || localStorage.getItem(NOTIFY) !== "on") return;
  if (document.hasFocus() && document.visibilityState === "visible") return;
  const title = one.kind === "direct" ? event.sender : `${event.sender} in ${one.title}`;
  try {
    const shown = new Notification(title, { body: (event.text ?? event.name ?? "").slice(0, 200), tag: one.key });
    shown.onclick = () => {
      focus();
      go(one);
      shown.close();
    };
  } catch {
    // Some phones allow them only to installed pages.
  }
}

/** Whether somebody reads what comes. */
function attending() {
  const one = chat.current;
  return document.visibilityState === "visible" && document.hasFocus() && log.stick && !!one?.atEnd && one.loaded && chat.state === "here";
}

function scrolled() {
  const one = chat.current;
  if (!one) return void ($("down").hidden = true);
  const [behind, label] = [!log.stick || !one.atEnd, one.unread ? `${one.unread} new` : "Latest"];
  $("down").hidden = !behind || !one.loaded;
  if ($("down-text").textContent !== label) $("down-text").textContent = label;
  if (attending()) saw(one);
}

$("down").onclick = () => {
  log.stick = true;
  if (chat.current.atEnd) log.toBottom();
  else toEnd(chat.current);
  scrolled();
  $("text").focus({ preventScroll: true });
};

addEventListener("focus", scrolled);
document.addEventListener("visibilitychange", scrolled);
addEventListener("blur", () => {
  if (chat.current && !chat.current.unread) chat.current.line = null;
});

// Keys of the whole page

document.addEventListener("keydown", (event) => {
  if (!chat.me || $("dialog").open) return;
  const { key } = event;
  const place = event.target;
  if ((event.ctrlKey || event.metaKey) && fold(key) === "k") {
    event.preventDefault();
    if (chat.state === "here") search("");
  } else if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) {
    event.preventDefault();
    const all = chat.all.sort((a, b) => (a.kind < b.kind) - (a.kind > b.kind));
    const next = all[(all.indexOf(chat.current) + (key === "ArrowDown" ? 1 : -1) + all.length) % all.length];
    if (next) go(next);
  } else if (key === "Escape") {
    if (document.body.dataset.panel) showPanel("");
    else $("text").focus({ preventScroll: true });
  } else if (key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && key !== " " && !place.closest("input, textarea, select, [contenteditable]")) {
    $("text").focus({ preventScroll: true });
  }
});
