// Who is here, in which rooms, and how that changes.

import { fold } from "./conversation.js";

const SURVEYED = 500; // people, more are not told at once

const near = (chat, key) => chat.all.some((one) => one.people.has(key));

/** What is told of people. */
function learn(chat, rows) {
  for (const { name, guest, away, role } of rows) chat.people.set(fold(name), { name, guest, away, role });
  chat.listener.lists();
}

/** Who is here by now; those who are not have left. */
export function welcome(chat, names) {
  const here = new Set(names.map(fold));
  for (const { name, guest } of chat.people.values()) if (guest && !here.has(fold(name))) chat.left(name);
  chat.people = new Map(names.map((name) => [fold(name), { ...chat.people.get(fold(name)), name, away: null }]));
}

/** Learn more of those in a room. */
export function look(chat, room) {
  chat.ask(`/who ${room.name}`, (rows) => learn(chat, rows));
}

/** Who is here but in no room of one's own: their comings and goings are not told. */
export function survey(chat) {
  if (chat.state !== "here" || chat.people.size > SURVEYED) return;
  chat.ask("/who *", (rows) => {
    const names = new Set(rows.map(({ name }) => fold(name)));
    for (const [key, { name, guest }] of [...chat.people])
      if (rows.length < SURVEYED && !near(chat, key) && !names.has(key)) {
        chat.people.delete(key);
        if (guest) chat.left(name);
      }
    learn(chat, rows.filter(({ name }) => !near(chat, fold(name))));
  });
}

/** Whether there are some of whom a survey would tell. */
export const unseen = (chat) => [...chat.people.keys()].some((key) => !near(chat, key));

/** What happened, as far as it changes who is where. */
export function changeWho(chat, event) {
  const { person, room, rooms } = event;
  const key = person && fold(person);
  const mine = person === chat.me.name;
  const one = room && chat.find("room", room);
  switch (event.event) {
    case "arrived":
      for (const name of rooms) enters(chat.find("room", name), event);
      chat.people.set(key, { name: person, guest: !!event.guest, away: null });
      break;
    case "departed":
      chat.people.delete(key);
      for (const one of chat.all) leaves(one, event);
      if (event.guest) chat.left(person);
      break;
    case "joined":
      if (!chat.people.has(key)) chat.people.set(key, { name: person, guest: !!event.guest, away: null });
      enters(one, event);
      break;
    case "left":
      if (one && mine) chat.drop(one);
      else if (one) leaves(one, event);
      break;
    case "moderated":
      if (!one || (event.act !== "kick" && event.act !== "ban")) return;
      one.people.delete(key);
      if (mine) {
        chat.drop(one);
        const why = event.reason ? `: ${event.reason}` : ".";
        chat.listener.notice(`${event.sender} put you out of #${room}${why}`);
      }
      break;
    case "away":
      Object.assign(chat.people.get(key) ?? {}, { away: event.text });
      break;
    case "renamed":
      renamed(chat, event);
      break;
    case "role":
      if (mine) chat.me.role = event.role;
      if (chat.people.has(key)) chat.people.get(key).role = event.role;
      break;
    default:
      return;
  }
  chat.listener.lists();
}

function enters(one, event) {
  if (!one || one.people.has(fold(event.person))) return;
  one.people.set(fold(event.person), event.person);
  came(one, event, "joined");
}

function leaves(one, event) {
  if (one.people.delete(fold(event.person))) came(one, event, "left");
}

/** Comings and goings that follow each other are one discreet line. */
function came(one, { id, time, person }, what) {
  if (!one.atEnd || person === one.chat.me.name) return;
  let group = one.items.at(-1);
  if (group?.event !== "comings" || group.changes.size > 20) {
    one.append({ event: "comings", id, time, changes: new Map() });
    group = one.items.at(-1);
  }
  const before = group.changes.get(person);
  group.changes.set(person, before && before !== what ? (what === "left" ? "came and went" : "came back") : what);
  group.version = (group.version ?? 0) + 1;
  one.changed();
}

export function renamed(chat, { id, time, person, now, guest }) {
  const { session } = chat;
  const [was, is] = [fold(person), fold(now)];
  if (person === chat.me.name) {
    const role = chat.me.guest && !guest ? "member" : chat.me.role;
    session.me = { name: now, guest: !!guest, role };
    session.keep({ name: now });
  }
  chat.people.set(is, { ...chat.people.get(was), name: now, guest: !!guest });
  if (was !== is) chat.people.delete(was);
  for (const one of chat.all) {
    if (one.people.delete(was)) {
      one.people.set(is, now);
      if (person !== now) came(one, { id, time, person }, `is now ${now}`);
    }
    if (one.key === `@${was}` && was !== is) {
      chat.conversations.delete(one.key);
      Object.assign(one, { name: now, key: `@${is}` });
      chat.conversations.set(one.key, one);
    }
  }
}
