// The door: coming in. It is all that is loaded until somebody does.

import { Refusal } from "./connection.js";
import { Session } from "./session.js";

const $ = (id) => document.getElementById(id);

export const session = new Session(async () => {
  // Asked for together: that saves a round trip, which is 0.16 s on a slow phone.
  const [{ chat }] = await Promise.all([import("./page.js"), import("./chat.js"), import("./log.js")]);
  return chat;
});
session.addEventListener("state", () => queueMicrotask(show));

const way = () => new FormData($("enter")).get("way");

function showWay() {
  const [guest, register] = [way() === "guest", way() === "register"];
  const { hello } = session;
  $("secret").hidden = guest;
  $("password").required = !guest;
  $("password").autocomplete = register ? "new-password" : "current-password";
  $("password").minLength = register ? 8 : 0;
  $("password-hint").textContent = register ? "At least 8 characters." : "";
  $("invited").hidden = !(register && hello?.registration === "invitation");
  $("code").required = !$("invited").hidden;
  $("way-hint").textContent = guest ? "A guest needs no password. The name is yours as long as you are here."
    : register ? "The name becomes yours: nobody else can take it." : "Messages that came while you were away wait for you.";
  $("come").textContent = register ? "Register" : guest ? "Come in" : "Log in";
  $("said").textContent = "";
}

function choose(value) {
  $("enter").querySelector(`[value=${value}]`).checked = true;
  showWay();
}

function greet() {
  const { hello } = session;
  if (!hello || greet.done === hello) return;
  greet.done = hello;
  $("server").textContent = hello.server;
  $("server-name").textContent = hello.server;
  $("secure").textContent = hello.secure ? "This line is encrypted." : "This line is not encrypted.";
  $("secure").classList.toggle("open", !hello.secure);
  if (!hello.passwords) $("secure").append(" It takes no passwords.");
  if (!hello.secure)
    $("secure").append(" ", Object.assign(document.createElement("a"), { href: `https://${location.host}/`, textContent: "Use https" }));
  for (const input of $("enter").elements.way) {
    const shut = input.value === "guest" ? !hello.guests
      : !hello.passwords || (input.value === "register" && hello.registration === "closed");
    input.closest("label").hidden = shut;
    if (shut && input.checked) choose(hello.passwords ? "login" : "guest");
  }
  $("name").value ||= session.stored.name ?? "";
  showWay();
}

$("enter").oninput = () => session.connection.up && session.load().catch(() => {}); // while a name is typed
$("enter").onchange = (event) => event.target.name === "way" && showWay();
$("enter").onsubmit = async (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  const password = $("password").value;
  $("said").textContent = "";
  try {
    if (way() === "register") await session.register(name, password, $("code").value.trim());
    else await session.enter(way() === "login" ? { name, password } : { name });
    $("password").value = "";
    $("code").value = "";
  } catch (error) {
    if (error instanceof Refusal && error.code === "password-needed") {
      choose("login");
      $("said").textContent = `${name} belongs to somebody. If it is you, type the password; if not, take another name.`;
      $("password").focus();
    } else {
      $("said").textContent = error.message;
      $(/password/.test(error.code) ? "password" : "name").focus();
    }
  }
};

function show() {
  greet();
  const { hello, me, state, stored, until, why } = session;
  $("door").hidden = !!me || (state === "entering" && !!stored.token && !$("said").textContent);
  $("chat").hidden = !me;
  $("come").disabled = state !== "door";
  if (state === "door") show.usable ??= performance.mark("usable");
  if (!me) {
    document.title = hello?.server ?? "Chat";
    if ((state === "door" && why) || state === "ended") $("said").textContent = why;
    else if (state === "connecting" && until) $("said").textContent = "The server does not answer. Trying again …";
    else if (show.was === "connecting") $("said").textContent = "";
  }
  show.was = state;
}

showWay();
