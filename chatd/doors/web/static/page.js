// The page: coming in, the lists, and what the keys do.

import { Chat, Lost, Refusal, fold } from "./chat.js";
import { $, Log, arrange, avatar, make, sentence, tint } from "./show.js";

const PEOPLE = 200; // shown at once; a field finds the others
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

export const chat = new Chat({
  state: () => queueMicrotask(showState),
  lists: () => {
    soon(showLists);
    queueMicrotask(showTitle);
  },
  changed: (conversation) => log?.changed(conversation),
  came,
  notice: (text) => toast(text),
  atBottom: () => log.stick,
});
export const log = new Log($("log"), chat, { pick, scrolled, fail });

// Coming in

const way = () => new FormData($("enter")).get("way");

function showWay() {
  const [guest, register] = [way() === "guest", way() === "register"];
  const { hello } = chat;
  $("secret").hidden = guest;
  $("password").required = !guest;
  $("password").autocomplete = register ? "new-password" : "current-password";
  $("password").minLength = register ? 8 : 0;
  $("password-hint").textContent = register ? "At least 8 characters." : "";
  $("invited").hidden = !(register && hello?.registration === "invitation");
  $("code").required = !$("invited").hidden;
  $("way-hint").textContent = guest ? "A guest needs no password. The name is yours as long as you are here."
    : register ? "The name becomes yours: nobody else can take it." : "Messages that came while you were away wait for you.";
  $("come").textContent = register ? "Register" : guest ? "Come in" : "Log in";
  $("said").textContent = "";
}

function choose(value) {
  $("enter").querySelector(`[value=${value}]`).checked = true;
  showWay();
}

function greet() {
  const { hello } = chat;
  if (!hello || greet.done === hello) return;
  greet.done = hello;
  $("server").textContent = hello.server;
  $("server-name").textContent = hello.server;
  $("secure").textContent = hello.secure ? "This line is encrypted." : "This line is not encrypted.";
  $("secure").classList.toggle("open", !hello.secure);
  if (!hello.passwords) $("secure").append(" It takes no passwords.");
  if (!hello.secure)
    $("secure").append(" ", make("a", { href: `https://${location.host}/`, textContent: "Use https" }));
  for (const input of $("enter").elements.way) {
    const shut = input.value === "guest" ? !hello.guests
      : !hello.passwords || (input.value === "register" && hello.registration === "closed");
    input.closest("label").hidden = shut;
    if (shut && input.checked) choose(hello.passwords ? "login" : "guest");
  }
  $("name").value ||= chat.session.name ?? "";
  showWay();
}

$("enter").onchange = (event) => event.target.name === "way" && showWay();
$("enter").onsubmit = async (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  const password = $("password").value;
  $("said").textContent = "";
  try {
    if (way() === "register") await chat.register(name, password, $("code").value.trim());
    else await chat.enter(way() === "login" ? { name, password } : { name });
    $("password").value = "";
    $("code").value = "";
    $("text").focus();
  } catch (error) {
    if (error instanceof Refusal && error.code === "password-needed") {
      choose("login");
      $("said").textContent = `${name} belongs to somebody. If it is you, type the password; if not, take another name.`;
      $("password").focus();
    } else {
      $("said").textContent = error.message;
      $(/password/.test(error.code) ? "password" : "name").focus();
    }
  }
};

// How it stands

let state = "";
let writing = null; // what makes the field work: at the door it would only cost time

function load() {
  load.begun ??= import("./write.js").then((module) => {
    writing = module;
    showState();
  }, () => {
    load.begun = null;
    setTimeout(showState, 2_000);
  });
}

function showState() {
  greet();
  const inside = !!chat.me;
  const was = state;
  state = chat.state;
  const here = state === "here";
  if (!writing && (here || state === "entering")) load();
  if (here && $("chat").hidden) showState.typing = true;
  $("door").hidden = inside || (state === "entering" && !!chat.session.token && !$("said").textContent);
  $("chat").hidden = !inside;
  const typing = document.activeElement === $("text");
  $("field").disabled = !here || !writing || !!chat.current?.over;
  $("chat").classList.toggle("off", !here);
  $("join").disabled = $("log-file").disabled = $("search").disabled = !here;
  $("come").disabled = state !== "door";
  if (state === "door" && !showState.usable) showState.usable = performance.mark("usable");
  if (!inside) {
    if (state === "door" && chat.why) $("said").textContent = chat.why;
    else if (state === "connecting" && chat.until) $("said").textContent = "The server does not answer. Trying again …";
    else if (state === "ended") $("said").textContent = chat.why;
    else if (was === "connecting") $("said").textContent = "";
  }
  const why = chat.why && chat.why.replace(/[^.!?…]$/, "$&.");
  const texts = {
    away: why ? `The server is gone. It said: ${why}` : "The connection is lost. Nothing can be sent.",
    entering: "Coming back …",
    connecting: "Coming back …",
    closing: `The server says: ${why} Nothing more can be sent.`,
    ended: chat.why || "You have left.",
    door: chat.why || "Come in again.",
  };
  $("banner").hidden = here;
  if (!here && inside && $("banner-text").textContent !== texts[state]) $("banner-text").textContent = texts[state];
  if (here) $("banner-text").textContent = "";
  $("now").hidden = !["away", "ended", "door"].includes(state);
  $("now").textContent = { ended: "Come back", door: "Log in" }[state] ?? "Try now";
  countDown();
  if (typing && !here) showState.typing = true;
  if (here && writing && showState.typing) {
    showState.typing = false;
    $("text").focus({ preventScroll: true });
  }
  if (inside && was !== state && chat.current) log.changed(chat.current);
  showTitle();
}

function countDown() {
  clearTimeout(countDown.timer);
  const left = Math.ceil((chat.until - Date.now()) / 1000);
  const waiting = chat.state === "away" && left > 0;
  $("banner-wait").textContent = waiting ? `Trying again in ${left} s.` : "";
  if (waiting) countDown.timer = setTimeout(countDown, 500);
}

$("now").onclick = () => {
  if (chat.state === "door") chat.forget();
  else if (chat.state === "away") chat.connection.retry();
  else chat.connection.open();
};

addEventListener("storage", (event) => {
  if (event.key !== "chatd" || !chat.me) return;
  const session = JSON.parse(event.newValue ?? "{}");
  if (!session?.token) chat.forget(); // logged out in another tab
  else if (session.name === chat.session.name) chat.session.token = session.token;
});

function showMe() {
  const { name, guest, role } = chat.me;
  const what = guest ? "guest" : role;
  const sign = `${name} ${what} ${chat.state === "here"}`;
  if (showMe.sign === sign) return;
  showMe.sign = sign;
  const { file_bytes, file_guests } = chat.hello.limits;
  $("attach").hidden = !file_bytes || (guest && !file_guests);
  $("account").replaceChildren(
    avatar(name),
    make("span.name", name), make("span.tag", what),
    make("span.aside", ", your account"),
  );
}

function toast(text) {
  chat.note(chat.shown, text);
  say(text);
}

/** Tell those who hear the page. */
export function say(text) {
  const line = make("p", text);
  $("announcer").append(line);
  setTimeout(() => line.remove(), 10_000);
}

// Lists

function showLists() {
  if (!chat.me) return;
  showPlaces();
  showPeople();
  showHeader();
  showMe();
}

const places = new WeakMap();

function place(one) {
  const sign = [one.name, one.unread, one.mentions, one === chat.current, one.private, one.draft && 1, one.over, chat.people.has(fold(one.name))].join();
  const known = places.get(one);
  if (known?.sign === sign) return known.element;
  const urgent = one.mentions || (one.kind === "direct" && one.unread);
  const button = known?.button ?? make("button", { onclick: () => go(one) });
  const count = one.unread > 999 ? "999+" : one.unread;
  const mark = one.kind === "room" ? make("span.hash", { ariaHidden: "true", textContent: one.private ? "◆" : "#" })
    : tint(make(`span.dot${!one.over && chat.people.has(fold(one.name)) ? ".here" : ""}`, { ariaHidden: "true" }), one.name);
  button.replaceChildren(mark, make("span.name", { dir: "auto", textContent: one.name }));
  if (one.draft) button.append(make("span.tag", "draft"));
  if (one.unread)
    button.append(make(`span.badge${urgent ? ".urgent" : ""}`, count),
      make("span.aside", { textContent: ` unread${one.mentions ? `, ${one.mentions} name you` : ""}` }));
  button.ariaCurrent = one === chat.current;
  const element = known?.element ?? make("li", button);
  if (one.kind === "direct" && !known)
    element.append(make("button.hide", { ariaLabel: `Take ${one.name} off this list`, textContent: "✕", onclick: () => chat.hide(one) }));
  places.set(one, { sign, button, element });
  return element;
}

function showPlaces() {
  const all = [...chat.conversations.values()];
  const rooms = all.filter((one) => one.kind === "room");
  const talks = all.filter((one) => one.kind === "direct");
  arrange($("rooms"), rooms.map(place));
  arrange($("talks"), talks.map(place));
  $("no-talks").hidden = talks.length > 0;
  const elsewhere = all.reduce((sum, one) => sum + (one === chat.current ? 0 : one.unread), 0);
  $("elsewhere").hidden = !elsewhere;
  $("elsewhere").textContent = elsewhere > 99 ? "99+" : elsewhere;
}

const persons = new Map();

function showPeople() {
  const { room, current } = chat;
  const all = [...chat.people.values()].map(({ name }) => name);
  const names = room ? [...room.people.values()] : all;
  const others = room ? all.filter((name) => !room.people.has(fold(name))) : [];
  $("count").textContent = names.length;
  $("how-many").textContent = names.length;
  $("filter").parentElement.hidden = names.length + others.length < 15;
  if (persons.size > 2_000) persons.clear();
  const part = fold($("filter").value.trim());
  arrange($("persons"), [!part && everyone(room, current), ...people(names, part, current)].filter(Boolean));
  const rows = people(others, part, current);
  arrange($("others"), rows);
  $("others-title").hidden = !rows.length;
}

function people(names, part, current) {
  const found = names.filter((name) => fold(name).includes(part)).sort((a, b) => a.localeCompare(b));
  const rows = found.slice(0, PEOPLE).map((name) => person(name, current));
  if (found.length > PEOPLE) rows.push(make("li.hint", `and ${found.length - PEOPLE} more`));
  return rows;
}

function everyone(room, current) {
  if (!room) return null;
  const where = (everyone.where ??= make("span.tag"));
  const button = (everyone.button ??= make("button", { onclick: () => chat.room && go(chat.room) },
    make("span.avatar.all", { ariaHidden: "true" }, "#"), make("span.name", "Everyone"), where));
  where.textContent = `in ${room.name}`;
  button.ariaPressed = current === room;
  return (everyone.row ??= make("li", button));
}

function person(name, current) {
  const { guest, away, role } = chat.people.get(fold(name)) ?? {};
  const picked = current?.kind === "direct" && !current.over && fold(current.name) === fold(name);
  const mine = chat.isMe(name);
  const sign = [name, guest, away, role, picked, mine].join();
  const known = persons.get(name);
  if (known?.sign === sign) return known.row;
  const tag = mine ? "you" : away !== null && away !== undefined ? "away" : role === "operator" || role === "moderator" ? role : guest ? "guest" : "";
  const content = [
    avatar(name),
    make("span.name", { dir: "auto", textContent: name }),
    tag && make("span.tag", { textContent: tag, title: away || "" }),
  ];
  const row = known?.row ?? make("li");
  const focused = row.contains(document.activeElement);
  row.replaceChildren(mine ? make("span.own", ...content)
    : make("button", { ariaPressed: picked, onclick: () => pick(name) }, ...content));
  row.classList.toggle("away", tag === "away");
  if (focused) row.firstChild.focus();
  persons.set(name, { sign, row });
  return row;
}

function showHeader() {
  const one = chat.current;
  const direct = one?.kind === "direct";
  $("title").textContent = one?.title ?? "No room";
  const away = direct && !one.over && chat.people.get(fold(one.name))?.away;
  const topic = !one ? "Join a room to talk."
    : one.over ? `${one.name} was a guest and has left. Whoever takes the name next is somebody else.`
    : direct ? `Only you two see this.${away ? ` Away: ${away}` : chat.people.has(fold(one.name)) ? "" : " Not here now."}`
    : [one.topic, one.private && "private room", !one.history && "what is said is not kept"].filter(Boolean).join(" · ");
  if ($("topic").textContent !== topic) {
    $("topic").textContent = topic;
    $("topic").title = topic;
  }
  $("log-file").hidden = direct || !one;
  const to = one?.over ? "nobody" : direct ? `${one.name} only` : one ? `everyone in ${one.title}` : "nobody";
  if ($("to").textContent !== to) {
    $("to").textContent = to;
    $("text").ariaLabel = `Message to ${to}`;
    $("text").placeholder = one?.over ? "" : direct ? `Only ${one.name} will see it` : "Message, or / for commands";
    $("log").ariaLabel = `Messages ${direct ? "with" : "in"} ${one?.title ?? "no room"}`;
  }
  $("say").classList.toggle("private", !!direct);
  $("field").disabled = chat.state !== "here" || !writing || !!one?.over;
}

function showTitle() {
  let [urgent, others] = [0, 0];
  for (const one of chat.conversations.values()) {
    const named = one.kind === "direct" ? one.unread : one.mentions;
    urgent += named;
    others += one.unread - named;
  }
  const mark = urgent ? `(${urgent}) ` : others > 0 ? "• " : "";
  const name = chat.current && chat.me ? `${chat.current.title} · ` : "";
  const title = `${mark}${name}${chat.hello?.server ?? "Chat"}`;
  if (document.title !== title) document.title = title;
}

/** Look at a conversation. */
export function go(one) {
  if (chat.current) chat.current.draft = $("text").value;
  if (one !== chat.current) chat.open(one);
  $("text").value = one.draft;
  one.draft = "";
  writing?.given();
  showPanel("");
  if (chat.state === "here") $("text").focus({ preventScroll: true });
}

/** Pick whom the next message is for. */
function pick(name) {
  if (!chat.isMe(name)) go(chat.talk(name));
}

$("to").onclick = () => {
  if (matchMedia("(max-width: 1040px)").matches) showPanel("people");
  ($("persons").querySelector("[aria-pressed=true]") ?? $("persons").querySelector("button"))?.focus();
};
$("filter").oninput = showPeople;
$("people").onpointerenter = () => chat.survey();
setInterval(() => document.hasFocus() && chat.survey(), SURVEY);
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
  chat.around(one, id).then(() => log.find(id));
}

export async function saveLog() {
  const one = chat.room ?? chat.current;
  if (!one || one.kind !== "room") return;
  $("log-file").disabled = true;
  say("The log is being fetched.");
  try {
    const { before } = await chat.log(one);
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
  say(text);
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
  const attending = one === chat.current && chat.attending();
  if (one === chat.shown || event.mention || one.kind === "direct") {
    heard.push((one === chat.shown ? "" : `${one.title}, `) + sentence(event));
    came.timer ??= setTimeout(() => {
      came.timer = null;
      if (heard.length > 4) say(`${heard.length} new messages. ${heard.at(-1)}`);
      else heard.forEach((text) => say(text.slice(0, 300)));
      heard = [];
    }, 700);
  }
  if (!attending && (event.mention || one.kind === "direct")) notify(one, event);
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

chat.attending = () =>
  document.visibilityState === "visible" && document.hasFocus() && log.stick && !!chat.current?.atEnd && chat.current.loaded && chat.state === "here";

function scrolled() {
  const one = chat.current;
  if (!one) return void ($("down").hidden = true);
  const [behind, label] = [!log.stick || !one.atEnd, one.unread ? `${one.unread} new` : "Latest"];
  $("down").hidden = !behind || !one.loaded;
  if ($("down-text").textContent !== label) $("down-text").textContent = label;
  if (chat.attending()) chat.saw(one);
}

$("down").onclick = () => {
  log.stick = true;
  if (chat.current.atEnd) log.toBottom();
  else chat.toEnd(chat.current);
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
    const all = [...chat.conversations.values()].sort((a, b) => (a.kind < b.kind) - (a.kind > b.kind));
    const next = all[(all.indexOf(chat.current) + (key === "ArrowDown" ? 1 : -1) + all.length) % all.length];
    if (next) go(next);
  } else if (key === "Escape") {
    if (document.body.dataset.panel) showPanel("");
    else $("text").focus({ preventScroll: true });
  } else if (key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && key !== " " && !place.closest("input, textarea, select, [contenteditable]")) {
    $("text").focus({ preventScroll: true });
  }
});

showWay();
