// Doing something, and what is said about it. Tells the window with an event "done" when
// something may be different.
import { Refused, act } from "/console/asking.js";
import { $, make } from "/console/words.js";

function say(words, refused = false) {
  const line = make("p", { class: refused ? "refused" : "" }, words);
  $("said").append(line);
  setTimeout(() => line.remove(), refused ? 9000 : 5000);
}

// Do something now, say what came of it, and look again.
export async function run(name, body, button) {
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
    dispatchEvent(new Event("done"));
  }
}

// Ask before doing something; what is refused is said in the dialog, which stays.
export function confirmed({ title, text, fields = [], go, danger = false, doing }) {
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
      dispatchEvent(new Event("done"));
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
