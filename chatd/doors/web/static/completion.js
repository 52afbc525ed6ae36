// What the word before the cursor may become: commands, people and rooms.

import { fold } from "./conversation.js";
import { chat } from "./page.js";
import { $, make } from "./show.js";

const text = $("text");

let [options, chosen, moved, from] = [[], 0, false, 0];

/** Whether something is offered, one thing only, and whether it was chosen by keys. */
export const offered = () => !$("options").hidden;
export const single = () => options.length === 1;
export const picked = () => offered() && moved;

/** Offer what the word before the cursor may become; whether there is anything. */
export function suggest(asked) {
  const before = text.value.slice(0, text.selectionStart);
  const at = before.search(/\S*$/);
  const word = before.slice(at);
  const part = fold(word);
  options = [];
  if (at === 0 && /^\/[^/\s]*$/.test(word)) {
    options = chat.commands.filter((one) => one.name.startsWith(part.slice(1)) || (part.length > 1 && one.aliases.some((other) => other.startsWith(part.slice(1)))))
      .sort((a, b) => b.name.startsWith(part.slice(1)) - a.name.startsWith(part.slice(1)) || a.name.localeCompare(b.name))
      .map((one) => ({ label: `/${one.name} ${one.usage}`, help: one.help.split("\n")[0], value: `/${one.name} ` }));
    if (options.length === 1 && options[0].value.trim() === word && !asked) options = [];
  } else if (word.length > 1 && word.startsWith("@") || (asked && word)) {
    const mark = word.startsWith("@") ? "@" : "";
    const start = fold(word.slice(mark.length));
    const end = before.startsWith("/") ? " " : at === 0 && !mark ? ": " : " ";
    const names = [...(chat.room?.people.values() ?? []), ...[...chat.people.values()].map(({ name }) => name)];
    options = [...new Set(names)].filter((name) => fold(name).startsWith(start) && !chat.isMe(name))
      .sort((a, b) => a.localeCompare(b)).map((name) => ({ label: name, help: "", value: `${mark}${name}${end}` }));
    if (/^\/\S+ /.test(before) || word.startsWith("#"))
      for (const one of chat.all)
        if (one.kind === "room" && fold(one.name).startsWith(fold(word.replace(/^#/, "")))) options.push({ label: one.title, help: "room", value: `${word.startsWith("#") ? "#" : ""}${one.name} ` });
  }
  from = at;
  options = options.slice(0, 60);
  if (!options.length) hide();
  else if (!asked || options.length > 1) {
    $("options").replaceChildren(...options.map(({ label, help }, index) =>
      make("li", { id: `option-${index}`, role: "option", onmousedown: (event) => {
        event.preventDefault();
        chosen = index;
        accept();
      } }, make("span.label", label), make("span.help", help))));
    $("options").hidden = false;
    select(0, false);
  }
  return options.length > 0;
}

function select(index, by) {
  chosen = index;
  moved = by;
  [...$("options").children].forEach((option, at) => option.ariaSelected = at === index);
  $("options").children[index].scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-activedescendant", `option-${index}`);
}

/** Choose the next one, or the one before. */
export function step(by) {
  select((chosen + by + options.length) % options.length, true);
}

export function accept() {
  const option = options[chosen] ?? options[0];
  text.setRangeText(option.value, from, text.selectionStart, "end");
  hide();
  text.dispatchEvent(new Event("input"));
}

export function hide() {
  $("options").hidden = true;
  chosen = 0;
  text.removeAttribute("aria-activedescendant");
}

text.onblur = hide;
$("options").onmousedown = (event) => event.preventDefault();
