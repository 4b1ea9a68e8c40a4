// Faults: the active ones, the answers that they hold, and the form that adds one.

import { $, choice, emptyState, field, h, reconcile, setText, showCount, toast } from "./dom.js";
import { base, faultKinds, post, remove } from "./api.js";
import { dot, follow } from "./list.js";
import { loadHeld } from "./live.js";
import { changed, on, state, title } from "./store.js";
import { timeOfDay } from "./time.js";

const schedule = (rule) => (rule.always ? "always" : rule.every ? `every ${rule.every}.` : `the next ${rule.next}`);

function make(rule) {
  const words = wordsOf(rule.fault);
  const off = () => remove(`faults?id=${rule.id}`).then(({ answer }) => take(answer), () => {});
  return h("li", { class: "rule" }, dot(rule.provider),
    h("div", {}, h("b", { text: `${title(rule.provider)}: ${words}` }), h("span", { class: "fine schedule" })),
    h("button", { type: "button", class: "small", on: { click: off }, "aria-label": `Switch off: ${title(rule.provider)}, ${words}`, text: "Switch off" }));
}

function update(element, rule) {
  const details = [
    schedule(rule), rule.on === "any" ? "on every request" : "on sends", rule.ms === undefined ? null : `${rule.ms} ms`,
    rule.gate ? `gate ${rule.gate}` : null, rule.code ? `code ${rule.code}` : null, rule.name, rule.status ? String(rule.status) : null, rule.location, Object.keys(rule.headers ?? {}).join(", "),
    rule.after_accept ? "message taken" : "message not taken",
  ];
  setText(element.querySelector(".schedule"), details.filter(Boolean).join(" · "));
}

/** Held answers, grouped by gate. */
function gates() {
  const all = new Map();
  for (const held of state.held) all.set(held.gate, [...(all.get(held.gate) ?? []), held]);
  return [...all].map(([gate, held]) => ({ gate, held }));
}

function makeGate({ gate }) {
  const release = (count) => () => post("gates", { release: gate, ...count }).then(loadHeld).catch(() => {});
  return h("li", { class: "rule gate" },
    h("div", {}, h("b"), h("span", { class: "fine" })),
    h("button", { type: "button", class: "small", on: { click: release({ count: 1 }) }, "aria-label": `Release the oldest answer of ${gate}`, text: "Release one" }),
    h("button", { type: "button", class: "small primary", on: { click: release({}) }, "aria-label": `Release every answer of ${gate}`, text: "Release" }));
}

function updateGate(element, { gate, held }) {
  setText(element.querySelector("b"), `${gate} holds ${held.length === 1 ? "an answer" : `${held.length} answers`}`);
  setText(element.querySelector(".fine"), `${title(held[0].provider)} · since ${timeOfDay(held[0].at)}`);
}

function render() {
  const gated = gates();
  reconcile($("held"), gated, ({ gate }) => gate, makeGate, updateGate);
  $("held-title").hidden = gated.length === 0;
  reconcile($("faults"), state.faults, (rule) => rule.id, make, update);
  showCount("faults", state.faults.length > 0 ? String(state.faults.length) : "");
  $("faults-title").hidden = state.faults.length === 0;
  const empty = $("faults-empty");
  empty.hidden = state.faults.length + gated.length > 0;
  emptyState(empty, "Nothing goes wrong at the moment. Switch something on above, or:",
    `curl ${location.origin}${base}/_mock/faults -d '[{"provider":"exotel","fault":"lose_reply","next":2}]'`);
}

/** Reloads while answers are held: no event reports a client that stopped waiting. */
export function tick() {
  if (state.held.length > 0 && !document.hidden) loadHeld();
}

export function start() {
  startForm();
  on(["faults", "accounts"], render);
}

// The form that adds a fault.

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

function startForm() {
  on(["accounts"], build);
}

// The kinds of fault and their parameters.

/** Each kind with its label, its effect and the form controls that it needs. */
export const KINDS = [
  { name: "lose_reply", words: "lose the answer", does: "the connection closes without an answer." },
  { name: "truncate", words: "cut the answer", does: "half of the answer arrives." },
  { name: "hang", words: "hang", does: "no answer ever comes." },
  { name: "reset", words: "reset the connection", does: "the connection is reset." },
  { name: "garbage", words: "answer garbage", does: "the answer is 200 and not JSON." },
  { name: "html", words: "answer a web page", does: "the answer is 200 and a page of HTML." },
  { name: "delay", words: "answer late", does: "the answer waits.", needs: ["ms"] },
  { name: "gate", words: "hold the answer", does: "the answer is held here until you release it.", needs: ["gate"] },
  { name: "redirect", words: "redirect", does: "the answer points elsewhere.", needs: ["location"], instead: true },
  { name: "status", words: "answer a status", does: "the answer is this one.", needs: ["status", "body", "headers"], instead: true },
  { name: "rate_limited", words: "limit the rate", does: "the answer is the provider's own for too many.", instead: true },
  { name: "fail_later", words: "fail later", does: "its status callback says that it failed.", needs: ["code"], late: true },
];

/** The label of a kind. An unknown kind keeps its name. */
export const wordsOf = (name) => KINDS.find((kind) => kind.name === name)?.words ?? name;
