// The desk: what an operator sees of the server, every two seconds, and does to it.
import { Refused, act, look } from "/console/asking.js";
import { chart } from "/console/chart.js";
import { confirmed, run } from "/console/dialog.js";
import { REASON, showList } from "/console/lists.js";
import { follow } from "/console/log.js";
import { $, ago, bytes, make, plural, show } from "/console/words.js";

const GLANCE = 2000; // milliseconds between two looks at what is shown

let own = false; // whether this page came by the console's own listener
let log = null;

/** Somebody has logged in. */
export function open({ name, own: here }) {
  own = here;
  $("me").textContent = name;
  $("door").hidden = true;
  $("desk").hidden = false;
  log?.stop();
  log = follow({ ended: refresh });
  turnTo();
}

/** Nobody has any more. */
export function close() {
  $("dialog").close();
  $("desk").hidden = true;
  showEnding({ ending_in: null, why: "" });
  log?.stop();
  log = null;
}

// What is shown

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
  const { state } = status;
  const pill = $("state");
  const changed = pill.className !== `pill ${state}`;
  if (changed) {
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
  banner.hidden = !ends;
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

// What is done

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

let looking = false;
let again = false;

async function refresh() {
  if ($("desk").hidden || document.hidden) return;
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
addEventListener("done", refresh);
