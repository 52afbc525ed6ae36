// What one says: shown at once, and then what became of it.

import { Refusal } from "./connection.js";
import { toEnd } from "./history.js";

const RESEND = 60_000; // ms after which an unanswered message is not sent again by itself

export function say(one, text, emote = false) {
  const event = emote ? "emoted" : one.kind === "room" ? "said" : "whispered";
  const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const item = { event, key, text, sender: one.chat.me.name, time: Date.now() / 1000, state: "sending", born: Date.now() };
  if (one.kind === "direct") item.to = one.name;
  one.line = null;
  one.pending.push(item);
  toEnd(one);
  transmit(one, item);
}

async function transmit(one, item) {
  const { chat } = one;
  Object.assign(item, { state: "sending", why: "", unsure: false });
  one.changed();
  const { text, key } = item;
  const request =
    item.event === "emoted" ? { do: "command", line: `/me ${text}`, room: one.name, key }
    : one.kind === "room" ? { do: "say", room: one.name, text, key }
    : { do: "whisper", to: one.name, text, key, ...(one.who ? { to_id: one.who } : {}) };
  try {
    const { id, time, before, to_id } = await chat.request(request);
    if (to_id) chat.isWith(one, to_id);
    for (const { text } of before) chat.note(one, text);
    settle(one, item, { id, time });
  } catch (error) {
    const { closing } = chat.session.connection;
    if (error instanceof Refusal) Object.assign(item, { state: "failed", why: error.message, hopeless: error.code === "too-long" });
    else if (closing && !closing.retry) Object.assign(item, { state: "failed", why: closing.text });
    else item.state = "lost"; // known when the connection is back
    one.changed();
  }
}

function settle(one, item, { id, time }) {
  const { event, text, sender, to, key } = item;
  if (one.atEnd && id) one.insert({ event, text, sender, to, key, id, time, guest: one.chat.me.guest });
  discard(one, item);
  one.chat.listener.lists();
}

export function retry(one, item) {
  item.born = Date.now();
  transmit(one, item);
}

export function discard(one, item) {
  one.pending = one.pending.filter((other) => other !== item);
  one.changed();
}

/** What was under way when the line broke goes again: its key keeps it from being said twice. */
export function resend(one) {
  for (const item of one.pending.filter((item) => item.state === "lost")) {
    if (Date.now() - item.born < RESEND && one.history) transmit(one, item);
    else Object.assign(item, { state: "failed", unsure: true });
    one.changed();
  }
}
