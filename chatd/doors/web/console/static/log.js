// The log, live: server-sent events, the newest at the bottom.
import { $, make } from "/console/words.js";

const MOST = 1000;
const AGAIN = 3000; // milliseconds after which a stream that was refused is asked for anew
const LATEST = 9;
const RANK = { debug: 0, info: 1, warn: 2, error: 3, critical: 4 };

export function follow({ ended }) {
  const place = $("log-lines");
  const latest = $("log-latest");
  const find = $("log-find");
  const level = $("log-level");
  const pause = $("log-pause");
  const state = $("log-state");
  let lines = [];
  let held = []; // what came while paused
  let paused = false;
  let visible = false;
  let source = null;
  let last = ""; // the id of the last line that came
  let later = 0;

  const wanted = (line) => {
    if (level.value === "audit" ? line.from !== "chatd.audit" : RANK[line.level] < Number(level.value)) return false;
    const words = find.value.trim().toLowerCase();
    return !words || `${line.from} ${line.text}`.toLowerCase().includes(words);
  };

  const row = (line) => {
    const moment = new Date(line.time * 1000);
    const audit = line.from === "chatd.audit" ? " audit" : "";
    return make("p", { class: `${line.level}${audit}`, title: moment.toLocaleString() },
      make("time", { datetime: moment.toISOString() }, moment.toTimeString().slice(0, 8)),
      make("span", { class: "level" }, line.level),
      make("span", { class: "words" }, make("span", { class: "from" }, `${line.from}: `), line.text));
  };

  // At the bottom it follows; whoever has scrolled up is left there.
  const atBottom = () => place.scrollHeight - place.scrollTop - place.clientHeight < 30;

  const add = (more) => {
    const below = atBottom();
    lines.push(...more);
    lines = lines.slice(-MOST);
    place.append(...more.filter(wanted).map(row));
    while (place.childElementCount > MOST) place.firstElementChild.remove();
    if (below && visible) place.scrollTop = place.scrollHeight;
    latest.replaceChildren(...lines.slice(-LATEST).map(row));
    tell();
  };

  const all = () => {
    place.replaceChildren(...lines.filter(wanted).map(row));
    place.scrollTop = place.scrollHeight;
    tell();
  };

  const tell = () => {
    const words = !source || source.readyState !== EventSource.OPEN
      ? "not connected; trying again …"
      : paused ? `paused, ${held.length} new` : "live";
    if (state.textContent !== words) state.textContent = words;
  };

  const close = () => {
    clearTimeout(later);
    source?.close();
    source = null;
    tell();
  };

  const again = () => {
    close();
    later = setTimeout(open, AGAIN);
  };

  const open = () => {
    close();
    source = new EventSource(`/console/api/log?last=500&after=${encodeURIComponent(last)}`);
    source.onopen = tell;
    source.addEventListener("lines", (event) => {
      last = event.lastEventId;
      const more = JSON.parse(event.data);
      if (paused) {
        held = [...held, ...more].slice(-MOST);
        tell();
      } else add(more);
    });
    source.addEventListener("missing", (event) =>
      add([{ time: Date.now() / 1000, level: "warn", from: "console", text: `${event.data} lines are missing here; the file has them` }]));
    source.addEventListener("end", () => {
      again();
      ended();
    });
    source.onerror = () => {
      // After a cut the browser tries again by itself, but not if something else was answered.
      if (source.readyState === EventSource.CLOSED) again();
      else tell();
    };
  };

  // A browser has six connections to a server, for all its tabs: one who looks gets one.
  const look = () => (document.hidden ? close() : open());

  pause.onclick = () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused) {
      add(held);
      held = [];
    }
    tell();
  };
  find.oninput = level.onchange = all;
  place.replaceChildren();
  latest.replaceChildren();
  document.addEventListener("visibilitychange", look);
  look();

  return {
    shown(is) {
      visible = is;
      if (is) place.scrollTop = place.scrollHeight;
    },
    stop() {
      document.removeEventListener("visibilitychange", look);
      close();
    },
  };
}
