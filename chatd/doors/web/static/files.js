// Files: shared with a progress bar, going on after a cut; fetched when one wants them.

import { Lost, Refusal } from "./connection.js";
import { $, date, make, size } from "./show.js";

const ATTEMPTS = 8; // at one upload
const PREVIEWED = 12e6; // bytes
const IMAGES = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

/** Share a file in a conversation. */
export async function share(chat, conversation, file, { fail, say }) {
  const most = chat.session.hello.limits.file_bytes;
  const name = file.name || `image.${file.type.split("/")[1] ?? "bin"}`;
  if (most && file.size > most) return fail(new Error(`${name} has ${size(file.size)}, and a file may have ${size(most)}.`));
  const upload = new Upload(file, name, conversation);
  $("uploads").append(upload.row);
  $("uploads").hidden = false;
  upload.chat = chat;
  try {
    await upload.run();
    say(`${name} is shared.`);
    upload.remove();
  } catch (error) {
    if (!upload.given) say(`${name} was not shared. ${error.message}`);
    upload.failed(error);
  }
}

class Upload {
  constructor(file, name, conversation) {
    Object.assign(this, { file, name, conversation, url: "", given: false });
    this.bar = make("progress", { max: file.size || 1, value: 0, ariaLabel: `${name}: how much is sent` });
    this.said = make("p", "…");
    this.cancel = make("button.button", { textContent: "Cancel", ariaLabel: `Cancel ${name}`, onclick: () => this.give() });
    this.again = make("button.button", { textContent: "Retry", hidden: true, onclick: () => this.resume() });
    this.row = make("div.upload", make("span.name", `${name} → ${conversation.title}`), this.bar, this.said,
      make("div.acts", this.again, this.cancel));
  }

  async run() {
    const { chat, file } = this;
    if (this.conversation.over) throw new Refusal({ code: "not-found", text: `${this.conversation.name} has left.` });
    if (!this.url) {
      const { kind, name, who } = this.conversation;
      const place = kind === "room" ? { room: name } : { to: name, ...(who && { to_id: who }) };
      const about = { name: this.name, size: file.size, ...(file.type ? { type: file.type } : {}) };
      this.url = (await chat.request({ do: "share", ...place, ...about })).url;
    }
    let from = 0;
    for (let attempt = 1; ; attempt++) {
      if (this.given) throw new Error("It was cancelled.");
      try {
        return await this.put(from);
      } catch (error) {
        if (this.given || error instanceof Refusal || attempt === ATTEMPTS) throw error;
        this.said.textContent = "The connection broke. Trying to go on …";
        await new Promise((resolve) => setTimeout(resolve, Math.min(15_000, 500 * 2 ** attempt)));
        from = await this.reached(from);
        if (from === true) return;
      }
    }
  }

  /** How much of it the server has; true if it has all and shared it. */
  async reached(known) {
    try {
      const answer = await fetch(this.url.slice(1), { method: "HEAD", cache: "no-store" });
      if (answer.status === 404) throw new Refusal({ code: "not-found", text: "The server has forgotten it; share it anew." });
      if (answer.headers.get("Upload-Complete") === "?1") return true;
      return Number(answer.headers.get("Upload-Offset") ?? 0);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      return known;
    }
  }

  put(from) {
    return new Promise((resolve, reject) => {
      const { file } = this;
      const request = (this.request = new XMLHttpRequest());
      request.open("PUT", this.url.slice(1));
      request.setRequestHeader("Accept", "application/json");
      if (file.type) request.setRequestHeader("Content-Type", file.type);
      if (from) request.setRequestHeader("Content-Range", `bytes ${from}-${file.size - 1}/${file.size}`);
      request.upload.onprogress = ({ loaded }) => this.show(from + loaded);
      request.onload = () => {
        if (request.status < 300) return resolve();
        const { code, text } = read(request.responseText);
        if (request.status >= 500 || request.status === 409 || request.status === 429) reject(new Error(text));
        else reject(new Refusal({ code, text }));
      };
      request.onerror = request.onabort = request.ontimeout = () => reject(new Lost("The connection broke."));
      request.send(from ? file.slice(from) : file);
    });
  }

  show(sent) {
    const { bar, file } = this;
    bar.value = Math.min(sent, file.size);
    const percent = file.size ? Math.floor((100 * sent) / file.size) : 100;
    this.said.textContent = sent >= file.size ? "Sent; the server looks at it …" : `${size(sent)} of ${size(file.size)}, ${percent} %`;
  }

  give() {
    const running = this.again.hidden;
    this.given = true;
    this.request?.abort();
    if (this.url) fetch(this.url.slice(1), { method: "DELETE" }).catch(() => {});
    if (!running) this.remove();
  }

  failed(error) {
    if (this.given) return this.remove();
    this.said.textContent = `Not shared. ${error.message}`;
    this.said.classList.add("said");
    this.again.hidden = false;
    if (error instanceof Refusal) this.url = "";
  }

  async resume() {
    this.again.hidden = true;
    this.said.classList.remove("said");
    try {
      if (this.url && (await this.reached(0)) === true) return this.remove();
      await this.run();
      this.remove();
    } catch (error) {
      this.failed(error);
    }
  }

  remove() {
    this.row.remove();
    $("uploads").hidden = !$("uploads").children.length;
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { code: "failed", text: text.slice(0, 200) || "The server did not take it." };
  }
}

/** A file that somebody shares: what it is, and what one can do with it. */
export function card(item, mine, { chat, fail, changed }) {
  const { name, sender } = item;
  const box = make("div.file", make("strong", name), " ", make("span.tag", `${size(item.size)} · ${item.type}`));
  const over = item.gone || (item.expires && item.expires * 1000 < Date.now());
  if (over || !item.url) {
    box.classList.toggle("gone", !!over);
    box.append(make("p.hint", item.gone ?? (over ? "Its time is over." : "It cannot be fetched from here.")));
    return box;
  }
  const href = item.url.slice(1);
  const direct = !!item.to;
  const asked = direct && !mine && !item.taken;
  if (asked) box.append(make("p.hint", `${sender} wants to give you this file.`));
  const acts = make("div.acts", make(`a.button${asked ? ".main" : ""}`, { href, download: name,
    textContent: asked ? "Accept and save" : "Save", ariaLabel: `Save ${name}`, onclick: () => change({ taken: true }) }));
  if (IMAGES.test(item.type) && item.size <= PREVIEWED)
    acts.append(make("button.button", { textContent: item.picture ? "Hide" : "Preview", onclick: preview }));
  if (direct || mine) acts.append(make("button.button", { textContent: mine ? "Remove" : "Refuse", ariaLabel: `${mine ? "Remove" : "Refuse"} ${name}`, onclick: refuse }));
  box.append(acts);
  if (item.picture) box.append(make("img", { src: item.picture, alt: `Preview of ${name}`, onload: changed, onerror: () => hide("It is no picture that your browser can show.") }));
  box.append(make("details", make("summary", item.expires ? `Until ${date(item.expires)} · SHA-256` : "SHA-256"), make("code", item.sha256)));
  return box;

  function change(what) {
    Object.assign(item, what, { version: (item.version ?? 0) + 1 });
    changed();
  }

  function hide(why) {
    URL.revokeObjectURL(item.picture);
    change({ picture: "" });
    if (why) fail(new Error(why));
  }

  async function preview() {
    if (item.picture) return hide();
    try {
      const answer = await fetch(href);
      if (!answer.ok) throw new Error("The file is not there any more.");
      const content = await answer.arrayBuffer();
      // Only ever a picture, whatever is inside.
      change({ picture: URL.createObjectURL(new Blob([content], { type: item.type })) });
    } catch (error) {
      fail(error);
    }
  }

  async function refuse() {
    try {
      await chat.command(`/files ${mine ? "remove" : "refuse"} ${item.file}`);
      change({ gone: mine ? "You removed it." : "You refused it." });
    } catch (error) {
      fail(error);
    }
  }
}
