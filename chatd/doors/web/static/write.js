// The field to write in: what is said and done, and files that are dropped.

import { accept, hide, offered, picked, single, step, suggest } from "./completion.js";
import { Lost } from "./connection.js";
import { fold } from "./conversation.js";
import { announce, chat, fail, go, log, saveLog, search } from "./page.js";
import { say } from "./saying.js";
import { $, clock, date, sentence } from "./show.js";

const SECRETIVE = new Set(["login", "register", "password", "unregister", "claim"]);
const EVERYBODY = new Set(["all", "everybody", "everyone"]);

const text = $("text");
const recall = { lines: [], at: 0 };

/** It has other words in it. */
export function given() {
  hide();
  grow();
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight + 2, 180)}px`;
}

$("say").onsubmit = (event) => {
  event.preventDefault();
  const line = text.value.trimEnd();
  if (!line.trim() || chat.state !== "here") return;
  hide();
  if (send(line) === false) return;
  text.value = "";
  grow();
  log.stick = true;
};

/** Say it, or do it; false if the words should stay in the field. */
function send(line) {
  const one = chat.current;
  const why = tooLong(line);
  if (why) return refuse(why);
  const [first, ...others] = line.slice(1).split(" ");
  const word = canonical(first);
  if (line.startsWith("@") && chat.commands.some((one) => one.name === word)) line = `/${line.slice(1)}`;
  const command = line.startsWith("/") && !line.startsWith("//");
  if (!SECRETIVE.has(word)) {
    recall.lines = [...recall.lines.filter((other) => other !== line), line].slice(-50);
    recall.at = recall.lines.length;
  }
  if (command) return perform(word || first, others.join(" ").trim(), line, one);
  const words = line.split(/\s+/);
  if (SECRETIVE.has(fold(words[0].replace(/^[@.!\\;:,]+/, ""))) && looksSecret(words))
    return refuse("That looks like a password. It was sent to nobody. The command begins with a slash.");
  if (!one) return refuse("You are in no room. Join one first.");
  say(one, line.startsWith("//") ? line.slice(1) : line);
}

/** Why the server would not take it: it ends the connection of who sends far too much. */
function tooLong(words) {
  const { message_chars: most, paste_lines, paste_bytes } = chat.session.hello.limits;
  const [{ length }, lines, bytes] = [[...words], words.split("\n").length, new Blob([words]).size];
  if (lines === 1) return length > most && `A message has at most ${most} characters, and yours ${length}.`;
  return (lines > paste_lines || bytes > paste_bytes) && `A paste has at most ${paste_lines} lines and ${paste_bytes} bytes, and yours ${lines} lines and ${bytes} bytes.`;
}

/** The command's slash may be missing: "login ann secret", "claim CODE". */
function looksSecret(words) {
  if (words.length === 2) return words[1].length >= 8 && /[0-9-]/.test(words[1]);
  return words.length === 3 || (words.length > 3 && chat.people.has(fold(words[1])));
}

function refuse(text) {
  fail(new Error(text));
  return false;
}

function canonical(word) {
  const name = fold(word);
  return chat.commands.find((one) => one.name === name || one.aliases.includes(name))?.name ?? name;
}

function perform(name, rest, line, one) {
  if (line.includes("\n") && !["me", "msg", "reply"].includes(name)) return refuse("A command is one line. To say it, put one more slash before it.");
  switch (name) {
    case "me":
      if (one?.kind !== "room") return refuse("/me is for rooms: in private, write it as a message.");
      if (!rest) break;
      return void say(one, rest, true);
    case "msg": {
      const [, to, words] = /^(\S+)\s+([^]+)$/.exec(rest) ?? [];
      if (!words) break;
      if (to.startsWith("#")) break;
      if (EVERYBODY.has(fold(to.replace(/^@/, "")))) return chat.room ? void say(chat.room, words) : refuse("You are in no room.");
      const other = to.replace(/^@/, "");
      if (chat.isMe(other)) break;
      return void tell(other, words, line);
    }
    case "reply":
      if (!rest || !chat.correspondent) break;
      return void tell(chat.correspondent, rest, line);
    case "search":
      if (rest) return void search(rest);
      break;
    case "getlog":
      if (!rest) return void saveLog();
      break;
    case "quit":
      if (/^\/logout\b/i.test(line)) return void chat.session.logOut();
  }
  run(line, name);
}

/** Tell one person something, and go there, if there is such a person. */
async function tell(name, words, line) {
  if (!chat.people.has(fold(name)) && !chat.find("direct", name))
    try {
      const { before } = await chat.command(`/whois ${name}`);
      name = before[0].rows[0].name; // as it is written
    } catch (error) {
      return handBack(line, error);
    }
  const talk = chat.talk(name);
  say(talk, words);
  setTimeout(() => go(talk));
}

async function run(line, name) {
  try {
    const { before } = await chat.command(line, chat.room?.name);
    for (const event of before) answer(chat.shown, event);
  } catch (error) {
    if (name === "quit" && error instanceof Lost) return;
    handBack(SECRETIVE.has(name) ? "" : line, error);
  }
}

function handBack(line, error) {
  fail(error);
  text.value ||= line;
  grow();
}

function answer(one, event) {
  if (event.event === "notice") chat.note(one, event.text);
  else if (event.event === "listing") chat.note(one, event.title, { lines: event.lines });
  else if (event.event === "history")
    chat.note(one, event.events.length ? "From the history:" : "Nothing was found.", { lines: event.events.map((said) => `${date(said.time)} ${clock(said.time)}  ${sentence(said)}`) });
}

text.oninput = () => {
  grow();
  suggest(false);
};

text.onkeydown = (event) => {
  if (event.isComposing) return;
  const open = offered();
  const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
  const key = event.key;
  if (key === "Tab" && plain && (open || suggest(true))) {
    event.preventDefault();
    if (open || single()) accept();
  } else if (open && (key === "ArrowDown" || key === "ArrowUp") && plain) {
    event.preventDefault();
    step(key === "ArrowDown" ? 1 : -1);
  } else if (open && key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    hide();
  } else if (key === "Enter" && plain) {
    event.preventDefault();
    if (picked()) accept();
    else $("say").requestSubmit();
  } else if (key === "ArrowUp" && plain && !text.value.includes("\n") && (!text.value || text.value === recall.lines[recall.at])) {
    if (recall.at > 0) {
      event.preventDefault();
      text.value = recall.lines[--recall.at];
      grow();
    }
  } else if (key === "ArrowDown" && plain && text.value && text.value === recall.lines[recall.at]) {
    event.preventDefault();
    text.value = recall.lines[++recall.at] ?? "";
    grow();
  } else if (key === "PageUp" || key === "PageDown") {
    event.preventDefault();
    $("log").scrollBy({ top: (key === "PageUp" ? -0.85 : 0.85) * $("log").clientHeight });
  }
};
// Files

/** Share files where one looks at the moment. */
async function upload(files) {
  const one = chat.current;
  if (!files.length || chat.state !== "here") return;
  if (!one) return refuse("You are in no room. Join one first.");
  if (!chat.session.hello.limits.file_bytes) return refuse("No files are shared here.");
  if ($("attach").hidden) return refuse("Guests share no files here. /register makes you a member.");
  try {
    const sharing = await import("./files.js");
    for (const file of files) sharing.share(chat, one, file, { fail, say: announce });
  } catch (error) {
    fail(error);
  }
}

$("attach").onclick = () => $("file").click();
$("file").onchange = () => {
  upload([...$("file").files]);
  $("file").value = "";
};
text.onpaste = (event) => {
  const files = [...event.clipboardData.files];
  if (!files.length || event.clipboardData.types.includes("text/plain")) return;
  event.preventDefault();
  upload(files);
};

let depth = 0;
const carries = (event) => event.dataTransfer?.types.includes("Files") && chat.state === "here";
addEventListener("dragenter", (event) => {
  if (carries(event)) $("drop").hidden = !++depth;
});
addEventListener("dragleave", (event) => {
  if (carries(event)) $("drop").hidden = !(depth = Math.max(0, depth - 1));
});
addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
addEventListener("drop", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  depth = 0;
  $("drop").hidden = true;
  upload([...event.dataTransfer.files]);
});
