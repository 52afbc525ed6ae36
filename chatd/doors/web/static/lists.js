// The lists beside the log: rooms, talks and people; and what stands above it.

import { fold } from "./conversation.js";
import { chat, go, pick } from "./page.js";
import { $, arrange, avatar, make, tint } from "./show.js";

const PEOPLE = 200; // shown at once; a field finds the others

export function showLists() {
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
  const all = chat.all;
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
  $("field").disabled = chat.state !== "here" || !!one?.over;
}

export function showTitle() {
  let [urgent, others] = [0, 0];
  for (const one of chat.all) {
    const named = one.kind === "direct" ? one.unread : one.mentions;
    urgent += named;
    others += one.unread - named;
  }
  const mark = urgent ? `(${urgent}) ` : others > 0 ? "• " : "";
  const name = chat.current && chat.me ? `${chat.current.title} · ` : "";
  const title = `${mark}${name}${chat.session.hello?.server ?? "Chat"}`;
  if (document.title !== title) document.title = title;
}

function showMe() {
  const { name, guest, role } = chat.me;
  const what = guest ? "guest" : role;
  const sign = `${name} ${what} ${chat.state === "here"}`;
  if (showMe.sign === sign) return;
  showMe.sign = sign;
  const { file_bytes, file_guests } = chat.session.hello.limits;
  $("attach").hidden = !file_bytes || (guest && !file_guests);
  $("account").replaceChildren(
    avatar(name),
    make("span.name", name), make("span.tag", what),
    make("span.aside", ", your account"),
  );
}

$("filter").oninput = showPeople;
