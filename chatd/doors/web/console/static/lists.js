// Lists of people, accounts, bans and rooms: page by page, and what can be done to each.
import { act, look } from "/console/asking.js";
import { confirmed, run } from "/console/dialog.js";
import { $, ago, clock, make } from "/console/words.js";

const LISTS = {
  sessions: {
    none: "Nobody is connected.",
    columns: ["Name", "Door", "Address", "Since", "Idle", "Room"],
    row: (one) => [
      one.name
        ? [one.name, " ", make("span", { class: `tag ${one.role}` }, one.role)]
        : make("span", { class: "hint" }, "not yet come in"),
      [one.door, " ", one.secure ? "" : make("span", { class: "tag open" }, "not encrypted")],
      one.address,
      clock(one.since),
      ago(one.idle),
      one.room,
    ],
    key: (one) => one.number,
    acts: (one) => [
      ["Kick…", () => kick(one)],
      ["Ban…", () => ban(one.name && one.role !== "guest" ? one.name : one.address)],
    ],
  },
  accounts: {
    none: "There is no such account.",
    columns: ["Name", "Role", "Here", "Since"],
    row: (one) => [one.name, make("span", { class: `tag ${one.role}` }, one.role), one.here ? "yes" : "no", new Date(one.created * 1000).toLocaleDateString()],
    key: (one) => one.key,
    acts: (one) =>
      one.role === "operator"
        ? [["Make a member…", () => role(one, "deop")]]
        : [["Make operator…", () => role(one, "op")], ["New password…", () => reset(one)], ["Delete…", () => remove(one)]],
  },
  bans: {
    none: "Nobody is shut out.",
    columns: ["Who", "Until", "Reason", "By"],
    row: (one) => [one.whom, one.until ? new Date(one.until * 1000).toLocaleString() : "lifted", one.reason, one.by],
    key: (one) => one.whom,
    acts: (one) => [["Lift", () => run("lift", { whom: one.whom })]],
  },
  rooms: {
    none: "There is no such room.",
    columns: ["Name", "People", "Topic", "Kind"],
    row: (one) => [one.name, String(one.people), one.topic, [one.private ? "private" : "public", one.history ? "" : ", history off"].join("")],
    key: (one) => one.name,
    acts: () => [],
  },
};

const ROWS = 50;
const places = {}; // by list: where the page begins: a number, or keys of accounts

export async function showList(section) {
  const name = section.dataset.list;
  const { columns, acts, none } = LISTS[name];
  const find = section.querySelector("input[type=search]").value.trim();
  const pages = (places[name] ??= { find: "", keys: [""], at: 0 });
  if (pages.find !== find) places[name] = Object.assign(pages, { find, keys: [""], at: 0 });
  const query = new URLSearchParams({ find, limit: ROWS });
  if (name === "accounts") query.set("after", pages.keys[pages.at]);
  else query.set("offset", pages.at * ROWS);
  const { rows, total, more = (pages.at + 1) * ROWS < total } = await look(`${name}?${query}`);
  const place = section.querySelector(".table");
  if (!rows.length) {
    place.replaceChildren(make("p", { class: "hint" }, find ? "Nothing found." : none));
  } else {
    let table = place.querySelector("table");
    if (!table) {
      const some = rows.some((one) => acts(one).length);
      const heads = columns.map((one) => make("th", { scope: "col" }, one));
      if (some) heads.push(make("th", {}, make("span", { class: "aside" }, "What can be done")));
      table = make("table", {}, make("caption"), make("thead", {}, make("tr", {}, ...heads)), make("tbody"));
      place.replaceChildren(table);
    }
    table.caption.textContent = name === "accounts" && find ? "" : `${total} in all`;
    fill(table.tBodies[0], rows, LISTS[name]);
  }
  showPager(place, pages, more, name === "accounts");
}

function showPager(place, pages, more, byKey) {
  const old = place.querySelector(".pager");
  const is = `${pages.at} ${more}`;
  if (old?.dataset.is === is) return;
  const focused = old ? [...old.children].indexOf(document.activeElement) : -1;
  old?.remove();
  if (!pages.at && !more) return;
  const turn = (by) => () => {
    pages.at += by;
    if (byKey && by > 0) pages.keys[pages.at] = [...place.querySelectorAll("tbody tr")].at(-1).dataset.key;
    dispatchEvent(new Event("done"));
  };
  const pager = make("p", { class: "pager", "data-is": is },
    make("button", { disabled: !pages.at, onclick: turn(-1) }, "Back"),
    make("span", {}, `Page ${pages.at + 1}`),
    make("button", { disabled: !more, onclick: turn(1) }, "On"));
  place.append(pager);
  if (focused >= 0) (pager.children[focused].disabled ? pager.querySelector("button:enabled") : pager.children[focused]).focus();
}

// Rows that are there already stay, with the buttons that somebody is about to press.
function fill(body, rows, { columns, row, key, acts }) {
  const old = new Map([...body.rows].map((one) => [one.dataset.key, one]));
  rows.forEach((one, at) => {
    const id = String(key(one));
    const line = old.get(id) ?? make("tr", { "data-key": id });
    old.delete(id);
    row(one).forEach((value, column) => {
      const cell = line.cells[column] ?? line.appendChild(make("td", { "data-label": columns[column] }));
      const fresh = make("td", { "data-label": columns[column] }, ...[value].flat());
      if (!cell.isEqualNode(fresh)) cell.replaceChildren(...fresh.childNodes);
    });
    const doing = acts(one);
    const labels = doing.map(([words]) => words).join();
    if (doing.length && line.dataset.acts !== labels) {
      line.dataset.acts = labels;
      line.cells[columns.length]?.remove();
      const whom = line.cells[0].firstChild.textContent;
      line.append(make("td", { class: "acts" }, ...doing.map(([words], which) =>
        make("button", { class: "quiet", "aria-label": `${words.replace("…", "")} ${whom}`, onclick: () => acts(line.one)[which][1]() }, words))));
    }
    line.one = one;
    if (body.rows[at] !== line) body.insertBefore(line, body.rows[at] ?? null);
  });
  for (const line of old.values()) line.remove();
}

// Acts that want to be confirmed

export const REASON = { name: "reason", label: "Reason, for everybody to see (may be empty)" };

function kick(one) {
  confirmed({
    title: `Kick ${one.name || one.address}?`,
    text: "This connection ends. Whoever it is may come back; a ban forbids that.",
    fields: [REASON], go: "Kick", danger: true,
    doing: ({ reason }) => act("cut", { number: one.number, reason }),
  });
}

function ban(whom = "") {
  confirmed({
    title: "Ban from the server", danger: true, go: "Ban",
    text: "An account, an address or a network. Think of who else comes from an address.",
    fields: [{ name: "whom", label: "Who", value: whom }, { name: "time", label: "How long: 10min, 2h, 7d; empty is until lifted" }, REASON],
    doing: ({ whom, time, reason }) => act("ban", { whom, time, reason }),
  });
}

function role(one, verb) {
  confirmed({
    title: verb === "op" ? `Make ${one.name} an operator?` : `Make ${one.name} a member?`,
    text: verb === "op" ? "Operators may do everything on this server, here and in the chat." : "The console closes for them at once.",
    go: verb === "op" ? "Make operator" : "Make a member", danger: true,
    doing: () => act(verb, { name: one.name }),
  });
}

function reset(one) {
  confirmed({
    title: `New password for ${one.name}?`,
    text: "The old one is good no longer, and all their sessions end. The new one is shown once.",
    go: "New password", danger: true, doing: () => act("reset", { name: one.name }),
  });
}

function remove(one) {
  confirmed({
    title: `Delete the account ${one.name}?`,
    text: "Nobody can log in with it any more. What they said stays, and the name stays reserved.",
    go: "Delete", danger: true, doing: () => act("delete", { name: one.name }),
  });
}

$("ban-new").onclick = () => ban();

for (const input of document.querySelectorAll("[data-list] input[type=search]")) {
  let later;
  input.oninput = () => {
    clearTimeout(later);
    later = setTimeout(() => dispatchEvent(new Event("done")), 200);
  };
}
