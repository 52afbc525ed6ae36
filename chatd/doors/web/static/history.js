// What was said before in a conversation, and how far it was read.

import { Refusal } from "./connection.js";
import { SHOWN, SPOKEN, after, fold } from "./conversation.js";

const PAGE = 50;
const TELL = 1_500; // ms after which the server is told what was read

async function fetch(one, bounds, limit = PAGE) {
  if (one.loading) return null;
  one.loading = true;
  one.changed();
  try {
    const answer = await one.chat.request({ do: "history", ...one.where, ...bounds, limit });
    return answer.before.find((event) => event.event === "history");
  } catch (error) {
    if (error instanceof Refusal) {
      one.atStart = one.loaded = true; // not again and again
      one.append({ event: "error", text: error.message });
    }
    return null;
  } finally {
    one.loading = false;
    one.changed();
  }
}

/** Load what was said last. */
export async function latest(one) {
  const past = await fetch(one, {}, Math.min(200, Math.max(PAGE, one.unread + 10)));
  if (!past) return;
  const oldest = past.events[0]?.id;
  one.insert(...past.events);
  const told = past.events.find(({ to_id }) => to_id);
  if (told && !one.who) one.chat.isWith(one, fold(told.sender) === fold(one.name) ? told.sender_id : told.to_id);
  one.atStart = !past.more && (!oldest || one.items[0].id === oldest);
  one.loaded = one.atEnd = true;
  one.changed();
}

/** Load what was said before what is there. */
export async function older(one) {
  const first = one.items.find((item) => !item.local);
  if (one.atStart || !one.loaded || !first) return;
  const past = await fetch(one, { before: first.id });
  if (!past) return;
  one.insert(...past.events);
  one.atStart = !past.more;
  one.dropNewest(SHOWN);
  one.changed();
}

/** Load what was said after what is there. */
export async function newer(one) {
  if (one.atEnd || !one.loaded) return;
  const last = one.items.findLast((item) => !item.local);
  const past = await fetch(one, { after: last?.id ?? "0" });
  if (!past) return;
  one.insert(...past.events);
  one.dropOldest(SHOWN);
  if (!past.more) {
    one.atEnd = true;
    one.insert(...one.tail.splice(0));
  }
  one.changed();
}

/** Look at the place where something was said. */
export async function around(one, id) {
  one.chat.open(one);
  if (one.ids.has(id)) return;
  one.loading = false;
  const past = await fetch(one, { around: id });
  if (!past) return;
  one.clear();
  one.insert(...past.events);
  one.loaded = true;
  one.atStart = past.events[0]?.id === id || !past.more;
  one.atEnd = false;
  one.changed();
}

/** Look at what is said now. */
export function toEnd(one) {
  if (one.atEnd) return;
  one.clear();
  latest(one);
}

// What was read

const read = new Set(); // of which the server is to be told
let telling = null;

/** Whoever is at the page has read a conversation. */
export function saw(one) {
  const { chat } = one;
  if (!one.unread && !one.mentions && after(one.newest, one.seen) <= 0) return;
  const counted = one.unread || one.mentions;
  one.unread = one.mentions = 0;
  one.seen = one.newest;
  if (counted) chat.listener.lists();
  if (!chat.me?.guest) read.add(one);
  telling ??= setTimeout(() => {
    telling = null;
    for (const { where, seen } of read) chat.request({ do: "seen", ...where, id: seen }).catch(() => {});
    read.clear();
  }, TELL);
}

/** The same person has read it elsewhere, up to an id. */
export function seen(one, id) {
  if (!one || after(id, one.seen) <= 0) return;
  one.seen = id;
  const left = [...one.items, ...one.tail].filter((item) => SPOKEN.has(item.event) && after(item.id, id) > 0);
  one.unread = Math.min(one.unread, left.length);
  one.mentions = Math.min(one.mentions, left.filter((item) => item.mention).length);
  one.chat.listener.lists();
}
