// What is needed seldom, loaded when it is: search, joining, the account, the log.

import { $, clock, date, make, sentence, words } from "./show.js";

function open(title, ...content) {
  const dialog = $("dialog");
  const close = () => dialog.close();
  dialog.replaceChildren(
    make("header", make("h2", { id: "dialog-title", textContent: title }),
      make("button.icon", { ariaLabel: "Close", textContent: "✕", onclick: close })),
    make("div.inside", { tabIndex: -1 }, ...content));
  dialog.onclick = (event) => {
    if (event.target === dialog) close(); // beside it
  };
  dialog.onclose = () => dialog.replaceChildren();
  if (!dialog.open) dialog.showModal();
  return dialog;
}

/** Find what was said, and look at the place. */
export function search(chat, text, find) {
  const field = make("input", { type: "search", value: text, ariaLabel: "Words", placeholder: "disk full from:ann in:ops since:2d", required: true });
  const said = make("p.hint", { role: "status", textContent: "Words, also with from:NAME, in:ROOM and since:2h, 3d or a date. \"Words in quotation marks\" stand side by side." });
  const found = make("div");
  const more = make("button.quiet", { textContent: "Show earlier ones", hidden: true });
  let oldest = "";

  async function ask(before) {
    said.textContent = "Searching …";
    try {
      const { before: answers } = await chat.request({ do: "search", words: field.value.trim(), ...(before ? { before } : {}) });
      const past = answers.find((event) => event.event === "history");
      if (!before) found.replaceChildren();
      found.append(...[...past.events].reverse().map(row));
      oldest = past.events[0]?.id ?? oldest;
      more.hidden = !past.more;
      const count = found.children.length;
      said.textContent = count ? `${count}${past.more ? " latest" : ""} found${count > 1 ? ", the latest first" : ""}.` : "Nothing was found.";
    } catch (error) {
      said.textContent = error.message;
    }
  }

  function row(event) {
    const other = event.sender === chat.me.name ? event.to : event.sender;
    const one = event.room ? chat.find("room", event.room) : null;
    const where = event.room ? `#${event.room}` : `with ${other}`;
    const show = async () => {
      $("dialog").close();
      let place = event.room ? one : chat.talkOf(event);
      if (!place) {
        await chat.command(`/join ${event.room}`);
        place = chat.find("room", event.room);
      }
      if (place) find(place, event.id);
    };
    return make("button.row", { onclick: show },
      make("span.tag", `${where} · ${date(event.time)}, ${clock(event.time)}`),
      make("p", { dir: "auto" }, words(sentence(event).slice(0, 300))));
  }

  more.onclick = () => ask(oldest);
  open("Search", make("form", { role: "search", onsubmit: (event) => {
    event.preventDefault();
    ask();
  } }, field, make("button.main", "Search")), said, found, more);
  field.focus();
  if (text) ask();
}

/** Choose a room, or open one. */
export function join(chat, go) {
  const field = make("input", { ariaLabel: "Name of the room", placeholder: "Name of a room", autocapitalize: "none", spellcheck: false, required: true, maxLength: 40 });
  const said = make("p.said", { role: "alert" });
  const list = make("ul", { ariaLabel: "Rooms" });
  const enter = async (name) => {
    try {
      await chat.command(`/join ${name}`);
      $("dialog").close();
      const one = chat.find("room", name.replace(/^#/, ""));
      if (one) go(one);
    } catch (error) {
      said.textContent = error.message;
    }
  };
  open("Join or open a room", make("form", { onsubmit: (event) => {
    event.preventDefault();
    enter(field.value.trim());
  } }, field, make("button.main", "Join")),
  make("p.hint", "If there is no room of that name, it is opened, and you are its moderator."), said, list);
  field.focus();
  chat.ask("/rooms", (rows) => list.append(...rows.map(row)));

  function row(room) {
    const what = [`${room.people} ${room.people === 1 ? "person" : "people"}`, room.joined && "you are in it", room.private && "private"].filter(Boolean).join(", ");
    return make("li", make("button.row", { onclick: () => enter(room.name) },
      make("strong", `#${room.name} `), make("span.tag", what),
      room.topic && make("p", { dir: "auto", textContent: room.topic })));
  }
}

/** Who one is here, and how to leave. */
export function account(chat, stored) {
  const { name, guest, role } = chat.me;
  const sections = [make("p", guest ? "You are a guest: the name is yours as long as you are here." : role === "operator" ? "You are an operator of this server." : "The name is yours.")];
  if (guest) sections.push(change("Keep this name", "register", [["Password", "new-password"]], (chosen) => `/register ${chosen}`, "It is yours now."));
  if ("Notification" in self) sections.push(notifications(stored));
  if (!guest) sections.push(change("Change the password", "password", [["Old password", "current-password"], ["New password", "new-password"]], (...both) => `/password ${both.join(" ")}`, "It is changed. Your other sessions were ended."));
  if (role === "operator") sections.push(make("section", make("a", { href: "console", textContent: "Open the operator's console" })));
  const keys = "Tab completes commands and names. Alt and the arrow keys go from one conversation to the next. Ctrl+K searches. Arrow up brings back what you typed.";
  sections.push(make("section", make("p.hint", keys)),
    make("section", make("button.button", { textContent: "Log out", onclick: () => {
      $("dialog").close();
      chat.session.logOut();
    } }), make("p.hint", "This browser forgets who you are, and what it kept is worthless.")));
  open(name, ...sections);

  function change(title, id, fields, line, done) {
    const inputs = fields.map(([label, complete]) => make("input", { type: "password", ariaLabel: label, placeholder: label, autocomplete: complete, required: true, maxLength: 256, id: `${id}-${complete}` }));
    const said = make("p.said", { role: "alert" });
    return make("section", make("strong", title), make("form", { onsubmit: async (event) => {
      event.preventDefault();
      try {
        if (/\s/.test(inputs.at(-1).value)) throw new Error("A password has no spaces.");
        await chat.command(line(...inputs.map((input) => input.value)));
        inputs.forEach((input) => (input.value = ""));
        said.textContent = done;
      } catch (error) {
        said.textContent = error.message;
      }
    } }, ...inputs, make("button.main", guest ? "Register" : "Change")), said);
  }
}

function notifications(stored) {
  const said = make("p.hint", { role: "status" });
  const box = make("input", { type: "checkbox", id: "notify", checked: localStorage.getItem(stored) === "on" && Notification.permission === "granted" });
  box.onchange = async () => {
    if (box.checked && (await Notification.requestPermission()) !== "granted") {
      box.checked = false;
      said.textContent = "Your browser does not allow it for this page.";
    }
    localStorage.setItem(stored, box.checked ? "on" : "off");
  };
  return make("section", make("label.check", box, "Notify me when somebody names me or writes to me alone"), said);
}

/** Write all that was said in a room to a file. */
export function saveLog(one, answers) {
  const lines = [];
  for (const answer of answers)
    for (const event of answer.events ?? []) {
      const time = new Date(event.time * 1000);
      const local = new Date(time - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace("T", " ");
      const text = event.event === "emoted" ? `* ${sentence(event)}` : sentence(event);
      lines.push(`[${local}] ${text.replaceAll("\n", "\n    ")}\n`);
    }
  save(`${one.name}.txt`, ...lines);
}

/** Let the browser write a file. */
function save(name, ...parts) {
  const href = URL.createObjectURL(new Blob(parts, { type: "text/plain;charset=utf-8" }));
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
