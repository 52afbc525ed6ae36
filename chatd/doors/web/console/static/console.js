// The operator's console: shows what the server tells, and asks it to act.
import { chart } from "/console/chart.js";
import { follow } from "/console/log.js";
import { make, ago, bytes, clock, plural } from "/console/words.js";

const $ = (id) => document.getElementById(id);

// Milliseconds between two looks at what is shown.
const GLANCE = 2000;
const PATIENCE = 15000;

let me = null; // who is logged in
let own = false; // whether this page came by the console's own listener
let state = "";
let log = null;

// Asking

class Refused extends Error {}

async function ask(method, name, body) {
  let response;
  try {
    response = await fetch(`/console/api/${name}`, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
      headers: body === undefined ? {} : { "content-type": "application/json", "x-chatd-console": "1" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    lost(true);
    if (method === "POST" && error.name === "TimeoutError") {
      throw new Refused("The server has not answered yet. The log tells whether it was done.");
    }
    throw new Refused("The server does not answer.");
  }
  // A proxy says this when it is, and has none of our headers.
  const gone = [502, 503, 504].includes(response.status) && !response.headers.has("content-security-policy");
  lost(gone);
  if (gone) throw new Refused("The server does not answer.");
  if (response.ok) return response.json();
  const words = (await response.text()).trim();
  if (response.status === 401 && me !== null) showDoor();
  throw new Refused(words || `The server refuses (${response.status}).`);
}

const look = (name) => ask("GET", name);
const act = (name, body = {}) => ask("POST", name, body);

function lost(is) {
  const banner = $("lost");
  if (is && banner.hidden) {
    banner.textContent = "The server does not answer. What you see may be old; trying again …";
    $("state").textContent = "No answer";
    $("state").className = "pill";
    state = ""; // shown anew when it answers
  }
  banner.hidden = !is;
  $("desk").classList.toggle("old", is);
}

function say(words, refused = false) {
  const line = make("p", { class: refused ? "refused" : "" }, words);
  $("said").append(line);
  setTimeout(() => line.remove(), refused ? 9000 : 5000);
}

// Do something now, say what came of it, and look again.
async function run(name, body, button) {
  if (button) button.disabled = true;
  try {
    const answer = await act(name, body);
    say(answer.text);
    return answer;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message, true);
    return null;
  } finally {
    if (button) button.disabled = false;
    refresh();
  }
}

// Ask before doing something; what is refused is said in the dialog, which stays.
function confirmed({ title, text, fields = [], go, danger = false, doing }) {
  const dialog = $("dialog");
  $("dialog-title").textContent = title;
  $("dialog-text").textContent = text;
  $("dialog-problem").textContent = "";
  $("dialog-fields").replaceChildren(
    ...fields.map((field) =>
      make("div", {}, make("label", { for: `d-${field.name}` }, field.label),
        make("input", { id: `d-${field.name}`, name: field.name, value: field.value ?? "", type: field.type ?? "text",
          min: field.min, max: field.max, maxlength: field.type ? undefined : 200, autocomplete: "off", placeholder: field.hint }))),
  );
  const button = $("dialog-go");
  button.textContent = go;
  button.className = danger ? "danger" : "primary";
  button.disabled = false;
  dialog.querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map((f) => [f.name, $(`d-${f.name}`).value]));
    button.disabled = true;
    try {
      const answer = await doing(values);
      dialog.close();
      if (answer.password) showPassword(answer);
      else say(answer.text);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      $("dialog-problem").textContent = error.message;
    } finally {
      button.disabled = false;
      refresh();
    }
  };
  dialog.showModal();
  (fields.length ? $(`d-${fields[0].name}`) : $("dialog-cancel")).focus();
}

function showPassword(answer) {
  confirmed({ title: "New password", text: answer.text, go: "Done", doing: async () => ({ text: "Done." }) });
  $("dialog-text").append(make("span", { class: "mono" }, answer.password));
}

$("dialog-cancel").onclick = () => $("dialog").close();

// Coming in

async function begin() {
  try {
    const session = await look("session");
    own = session.own;
    show("server", session.server);
    document.title = `${session.server} · console`;
    if (session.name) showDesk(session.name);
    else showDoor(session);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    setTimeout(begin, GLANCE);
  }
}

async function showDoor(session) {
  me = null;
  ends = 0;
  count();
  log?.stop();
  log = null;
  $("dialog").close();
  $("desk").hidden = true;
  $("door").hidden = false;
  try {
    session ??= await look("session");
  } catch {
    return;
  }
  $("open-line").hidden = session.private;
  $("code-part").hidden = !session.claimable;
  $("code").required = session.claimable;
  $("log-in-go").textContent = session.claimable ? "Become the operator" : "Log in";
  $("name").focus();
}

$("log-in").onsubmit = async (event) => {
  event.preventDefault();
  const form = event.target;
  const claiming = !$("code-part").hidden;
  const problem = $("log-in-problem");
  const button = $("log-in-go");
  problem.textContent = "";
  button.disabled = true;
  try {
    const { name, password, code } = Object.fromEntries(new FormData(form));
    await (claiming ? act("claim", { name, password, code }) : act("log-in", { name, password }));
    form.reset();
    await begin();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    problem.textContent = error.message;
    $("password").select();
  } finally {
    button.disabled = false;
  }
};

$("log-out").onclick = async () => {
  try {
    await act("log-out");
  } finally {
    showDoor();
  }
};

function showDesk(name) {
  me = name;
  $("me").textContent = name;
  $("door").hidden = true;
  $("desk").hidden = false;
  log?.stop();
  log = follow({ ended: refresh });
  turnTo();
  refresh();
}

// What is shown

function show(what, words) {
  for (const place of document.querySelectorAll(`[data-show="${what}"]`)) place.textContent = words;
}

function list(id, words) {
  $(id).replaceChildren(...(words.length ? words : ["none"]).map((one) => make("div", {}, one)));
}

// What stands in a field changes with the server, but not under somebody's hands.
function refill(field, value) {
  if (field.dataset.was === value || document.activeElement === field) return;
  field.value = field.dataset.was = value;
}

const STATES = { running: "Running", stopped: "Stopped", stopping: "Stopping …", starting: "Starting …" };

function showStatus(status) {
  showEnding(status);
  const changed = state !== status.state;
  state = status.state;
  if (changed) {
    const pill = $("state");
    pill.textContent = STATES[state] ?? state;
    pill.className = `pill ${state}`;
  }
  for (const name of ["port", "people", "connections", "version"]) show(name, status[name]);
  show("uptime", ago(status.uptime));
  $("chat-words").textContent =
    state === "running"
      ? `People come in by port ${status.port}.`
      : state === "stopped"
        ? "Nobody can join. This console and the store go on."
        : "One moment …";
  $("stop").disabled = state !== "running";
  $("start").disabled = state !== "stopped";
  refill($("port"), String(status.port));
  list("addresses", status.addresses);
  list("hardware", status.hardware);
  $("console-where").textContent = status.console || "only on the chat's port";
  $("public-asks").textContent = status.public_asks
    ? `Asks ${new URL(status.public_asks).host}, only when you click.`
    : "No service is set (public_address_url).";
  $("ask-public").disabled = !status.public_asks;
  if (changed || !$("ways").textContent) {
    $("ways").textContent = status.ways.join("\n") || "none while the chat is stopped";
    $("fingerprints").replaceChildren(
      ...Object.entries(status.fingerprints).flatMap(([of, print]) => [make("dt", {}, of), make("dd", { class: "mono" }, print)]),
    );
  }
  refill($("motd"), status.motd);
  $("lockdown").textContent = status.lockdown ? "End the lock-down" : "Lock down";
  $("lockdown").setAttribute("aria-pressed", String(status.lockdown));
}

// It is looked every two seconds: those between are counted here.
let ends = 0;

function showEnding({ ending_in: left, why }) {
  ends = left === null ? 0 : Date.now() + left * 1000;
  $("ending").dataset.why = why;
  count();
}

function count() {
  const banner = $("ending");
  banner.hidden = !ends || me === null;
  if (!ends) return;
  const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  const words = `The server stops in ${left < 60 ? `${left} s` : `${Math.ceil(left / 60)} min`}: ${banner.dataset.why}`;
  if ($("ending-words").textContent !== words) $("ending-words").textContent = words;
}

setInterval(count, 500);
$("go-on").onclick = (event) => run("go-on", {}, event.target);

function showMinutes({ minutes }) {
  const last = minutes.at(-1);
  $("people-now").textContent = last.people;
  $("messages-now").textContent = minutes.at(-2)?.messages ?? last.messages;
  chart($("people-chart"), minutes, "people", "line");
  chart($("messages-chart"), minutes, "messages", "bars");
}

function showHealth(health) {
  const short = $("store-short");
  short.textContent = health.well ? "well" : "does not answer";
  short.className = health.well ? "good" : "bad";
  const facts = [
    ["State", health.well ? "well" : "does not answer: senders are told that nobody was shown their words"],
    ["Last stored", health.stored_ago === null ? "nothing since the start" : `${ago(health.stored_ago)} ago`],
    ["Waiting", plural(health.waiting, "event")],
    ["Database", bytes(health.database)],
    ["Shared files", health.files === null ? "not known" : bytes(health.files)],
    ["Free on the disk", health.free === null ? "not known" : bytes(health.free)],
    ["Unread by clients", bytes(health.unread)],
  ];
  $("health").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

// Lists

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

async function showList(section) {
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
    refresh();
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

const REASON = { name: "reason", label: "Reason, for everybody to see (may be empty)" };

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

$("stop").onclick = () =>
  confirmed({
    title: "Stop the chat?",
    text: own
      ? "Everybody is told why and disconnected, and nobody can join until you start it again. This console stays."
      : "Everybody is told why and disconnected. You came here by the chat's own port, which closes: if this page loses its connection, only the console on the server itself can start the chat again.",
    fields: [{ ...REASON, label: "Why, for everybody to see (may be empty)" }], go: "Stop", danger: true,
    doing: ({ reason }) => act("stop", { reason }),
  });

$("start").onclick = (event) => run("start", {}, event.target);
$("reload").onclick = (event) => run("reload", {}, event.target);
$("lockdown").onclick = (event) => run("lockdown", { on: event.target.getAttribute("aria-pressed") !== "true" }, event.target);

$("shutdown").onclick = () =>
  confirmed({
    title: "Shut the server down?",
    text: "The process ends, and this console with it. Nothing that was shown is lost. To start it again somebody must be at the machine, unless something there does it.",
    fields: [{ name: "seconds", label: "In how many seconds", type: "number", value: 60, min: 0, max: 86400 }, { ...REASON, label: "Why, for everybody to see (may be empty)" }],
    go: "Shut down", danger: true,
    doing: ({ seconds, reason }) => act("shutdown", { seconds: Math.round(Number(seconds)), reason }),
  });

$("port-form").onsubmit = (event) => {
  event.preventDefault();
  const port = Number($("port").value);
  confirmed({
    title: `Change the port to ${port}?`,
    text: "New connections come there. Those who are here stay and are told. It is kept for the next start."
      + (own ? "" : " This page came by the old port: open it anew at the new one."),
    go: "Change the port", doing: () => act("port", { port }),
  });
};

$("announce-form").onsubmit = async (event) => {
  event.preventDefault();
  if (await run("announce", { text: $("announce").value }, event.submitter)) $("announce").value = "";
};

$("motd-form").onsubmit = (event) => {
  event.preventDefault();
  run("motd", { text: $("motd").value }, event.submitter);
};

$("ask-public").onclick = async (event) => {
  event.target.disabled = true;
  $("public").textContent = "asking …";
  try {
    $("public").textContent = (await act("public-address")).address;
  } catch (error) {
    $("public").textContent = error.message;
  }
  event.target.disabled = false;
};

// Views

let view = "overview";

function turnTo() {
  const wanted = location.hash.slice(1);
  view = $(`view-${wanted}`) ? wanted : "overview";
  for (const section of document.querySelectorAll("#views > section")) section.hidden = section.id !== `view-${view}`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  log?.shown(view === "log");
  refresh();
}

addEventListener("hashchange", turnTo);

for (const input of document.querySelectorAll("[data-list] input[type=search]")) {
  let later;
  input.oninput = () => {
    clearTimeout(later);
    later = setTimeout(refresh, 200);
  };
}

let looking = false;
let again = false;

async function refresh() {
  if (me === null || document.hidden) return;
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  try {
    showStatus(await look("status"));
    const section = $(`view-${view}`);
    if (view === "overview") showMinutes(await look("minutes"));
    if (section.dataset.list) await showList(section);
    showHealth(await look("health"));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  } finally {
    looking = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

setInterval(refresh, GLANCE);
document.addEventListener("visibilitychange", refresh);
begin();
