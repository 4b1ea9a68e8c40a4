// The form that adds a fault.

import { $, choice, field, h, toast } from "./dom.js";
import { faultKinds, post } from "./api.js";
import { KINDS } from "./kinds.js";
import { follow } from "./provider.js";
import { state, title } from "./store.js";
import { changed, on } from "./subjects.js";

const controls = {};

const chosen = () => KINDS.find((kind) => kind.name === controls.kind.value);

/** Shows only the controls that the chosen kind and schedule need. */
function adapt() {
  const kind = chosen();
  // `after_accept` is a choice only for the kinds that do not determine it.
  const free = !kind.instead && !kind.late;
  const taken = free ? !controls.refuse.checked : !kind.instead;
  controls.about.textContent = `The message is ${taken ? "" : "not "}taken; ${kind.does}`;
  for (const name of ["ms", "gate", "code", "location", "status", "body", "headers"]) {
    const label = controls[name].closest("label");
    label.hidden = !kind.needs?.includes(name);
    controls[name].disabled = label.hidden;
  }
  controls.refuse.closest("label").hidden = !free;
  controls.refuse.disabled = !free;
  controls.count.closest("label").hidden = controls.how.value === "always";
  controls.count.disabled = controls.how.value === "always";
}

/** Parses lines of `name: value`. Reports a wrong line and returns null. */
function headersFrom(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const wrong = lines.find((line) => !/^[^\s:]+:/.test(line));
  if (wrong) {
    toast(`“${wrong}” is no header: a name, a colon and a value`);
    return null;
  }
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
}

/** Parses JSON; other text stays as it is. */
function bodyFrom(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function rule() {
  const { kind, how, count, refuse, any, provider } = controls;
  const asked = { provider: provider.value, fault: kind.value, on: any.checked ? "any" : "send" };
  asked[how.value] = how.value === "always" ? true : Number(count.value);
  if (!controls.ms.disabled) asked.ms = Number(controls.ms.value);
  if (!controls.gate.disabled) asked.gate = controls.gate.value;
  if (!controls.location.disabled && controls.location.value !== "") asked.location = controls.location.value;
  if (!controls.status.disabled) asked.status = Number(controls.status.value);
  if (!controls.body.disabled && controls.body.value !== "") asked.body = bodyFrom(controls.body.value);
  if (!controls.headers.disabled && controls.headers.value !== "") {
    asked.headers = headersFrom(controls.headers.value);
    if (asked.headers === null) return null;
  }
  if (!controls.code.disabled && controls.code.value !== "") asked.code = Number(controls.code.value);
  if (!refuse.disabled && refuse.checked) asked.after_accept = false;
  return asked;
}

async function submit(event) {
  event.preventDefault();
  const asked = rule();
  if (asked) await post("faults", asked).then(({ answer }) => take(answer), () => {});
}

/** Applies the list in the answer at once, without waiting for the event. */
export function take(faults) {
  state.faults = faults;
  changed("faults");
}

/** Offers only the kinds that this mock server has. */
async function offerKinds() {
  const known = await faultKinds();
  if (!known) return;
  for (const option of [...controls.kind.options]) if (!known.includes(option.value)) option.remove();
}

function build() {
  const form = $("fault-form");
  if (form.childElementCount > 0 || state.accounts.size === 0) return;
  const number = (name, value, min, max) => h("input", { id: `fault-${name}`, type: "number", value: String(value), min, max, required: true });
  controls.provider = choice({ id: "fault-provider" }, [...state.accounts.keys()].map((provider) => [provider, title(provider)]));
  controls.kind = choice({ id: "fault-kind" }, KINDS.map(({ name, words }) => [name, words]));
  controls.how = choice({ id: "fault-how" }, [["next", "the next"], ["every", "every"], ["always", "always"]]);
  controls.count = number("count", 1, 1, 1_000_000);
  controls.ms = number("ms", 2000, 0, 3_600_000);
  controls.status = number("status", 503, 200, 999);
  controls.gate = h("input", { id: "fault-gate", value: "gate", required: true, autocomplete: "off" });
  controls.code = h("input", { id: "fault-code", type: "number", min: 0, placeholder: "its most usual one" });
  controls.location = h("input", { id: "fault-location", placeholder: "the provider's own path", autocomplete: "off" });
  controls.body = h("textarea", { id: "fault-body", rows: 2, placeholder: "none", spellcheck: "false" });
  controls.headers = h("textarea", { id: "fault-headers", rows: 2, placeholder: "retry-after: 30", spellcheck: "false" });
  controls.refuse = h("input", { id: "fault-refuse", type: "checkbox" });
  controls.any = h("input", { id: "fault-any", type: "checkbox" });
  controls.about = h("p", { class: "fine", id: "fault-about" });
  const check = (control, words) => h("label", { class: "check" }, control, h("span", { text: words }));
  const wide = (label) => {
    label.classList.add("broad");
    return label;
  };
  form.append(
    h("div", { class: "fields" },
      field("Provider", controls.provider), field("Fault", controls.kind), field("How often", controls.how), field("Requests", controls.count),
      field("Milliseconds", controls.ms), field("Name of the gate", controls.gate), field("The provider's code", controls.code), field("Status", controls.status),
      wide(field("Where to", controls.location)), wide(field("Body", controls.body)), wide(field("Headers, one a line", controls.headers))),
    controls.about,
    check(controls.refuse, "and the message is not taken"), check(controls.any, "on every request, not only on sends"),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary", text: "Switch on" })));
  form.addEventListener("submit", submit);
  form.addEventListener("change", adapt);
  adapt();
  follow(controls.provider);
  offerKinds().catch(() => {});
}

export function start() {
  on(["accounts"], build);
}
