// Asking the server, and noticing that it does not answer. Tells the window with an event
// "out" when nobody is logged in any more.
import { $ } from "/console/words.js";

const PATIENCE = 15000; // milliseconds

export class Refused extends Error {}

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
  if (response.status === 401) dispatchEvent(new Event("out"));
  throw new Refused(words || `The server refuses (${response.status}).`);
}

export const look = (name) => ask("GET", name);
export const act = (name, body = {}) => ask("POST", name, body);

function lost(is) {
  const banner = $("lost");
  if (is && banner.hidden) {
    banner.textContent = "The server does not answer. What you see may be old; trying again …";
    $("state").textContent = "No answer";
    $("state").className = "pill"; // shown anew when it answers
  }
  banner.hidden = !is;
  $("desk").classList.toggle("old", is);
}
