// The operator's console: coming in. What is inside is loaded when somebody is.
import { Refused, act, look } from "/console/asking.js";
import { $, show } from "/console/words.js";

const AGAIN = 2000; // milliseconds after which a server that did not answer is asked anew

const desk = () => import("/console/desk.js").catch(() => {
  $("lost").textContent = "The console could not be loaded: reload it.";
  $("lost").hidden = false;
  throw new Error($("lost").textContent);
});

async function begin() {
  try {
    const session = await look("session");
    show("server", session.server);
    document.title = `${session.server} · console`;
    if (session.name) (await desk()).open(session);
    else showDoor(session);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    setTimeout(begin, AGAIN);
  }
}

async function showDoor(session) {
  if (!$("desk").hidden) (await desk()).close();
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

addEventListener("out", () => $("desk").hidden || showDoor());
begin();
