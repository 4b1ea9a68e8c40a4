// The settings of a provider's account: limit, balance, senders, templates and switches.

import { $, choice, field, h, reconcile, setText, setValue, toast } from "./dom.js";
import { post } from "./api.js";
import { follow } from "./list.js";
import { loadConfig, loadLimits } from "./live.js";
import { changed, likelyProvider, on, state, title } from "./store.js";
import { timeOfDay } from "./time.js";

// Switches for ambiguities of the provider documentation, each with its source.

class Switches {
  /** Calls `change` with a switch's name and its new value. */
  constructor(change) {
    this.change = change;
  }

  show(place, switches) {
    reconcile(place, switches, ({ provider, name }) => `${provider} ${name}`, (known) => this.#make(known), updateSwitch);
  }

  #make({ name, allowed, about, source, default: usual }) {
    const value = choice({ "aria-label": name }, allowed.map((option) => [option, option === usual ? `${option} (default)` : option]));
    value.addEventListener("change", () => this.change(name, value.value));
    return h("li", { class: "setting switch" },
      h("div", {}, h("b", { text: name }), h("span", { class: "fine", text: about }), h("small", { class: "source", text: source })), value);
  }
}

function updateSwitch(element, { value, default: usual }) {
  element.querySelector("select").value = value;
  element.classList.toggle("changed", value !== usual);
}

const STATUSES = ["approved", "pending", "rejected", "paused", "disabled"];

let provider = null;

const account = () => state.accounts.get(provider.value);

/** Changes the account, then shows the mock server's state, also after a refusal. */
async function change(body) {
  await post("config", { provider: provider.value, ...body }).catch(() => {});
  await loadConfig();
}

function balanceForm() {
  const balance = h("input", { type: "number", id: "balance", step: "any", required: true });
  const submit = async (event) => {
    event.preventDefault();
    await change({ balance: Number(balance.value) });
    $("balance-form").reset();
  };
  return h("form", { class: "inline", id: "balance-form", on: { submit } }, field("Balance", balance), h("button", { type: "submit", class: "small", text: "Set" }));
}

function makeSender(sender) {
  const online = h("input", { type: "checkbox", role: "switch", "aria-label": `${sender.phone} is online` });
  online.addEventListener("change", () => change({ sender: sender.id, online: online.checked }));
  return h("li", { class: "setting" }, h("div", {}, h("b", { text: sender.name }), h("span", { class: "fine", text: `${sender.id} · ${sender.phone}${sender.owned ? "" : " · another project's"}` })),
    h("label", { class: "toggle" }, online, h("span", { "aria-hidden": "true" })));
}

function updateSender(element, sender) {
  const online = element.querySelector("input");
  online.checked = sender.online;
  setText(element.querySelector(".toggle span"), sender.online ? "online" : "offline");
}

function makeTemplate(template) {
  const known = STATUSES.includes(template.status) ? STATUSES : [...STATUSES, template.status];
  const status = choice({ "aria-label": `Status of ${template.name}` }, known.map((name) => [name, name]));
  status.addEventListener("change", () => change({ template: template.name, status: status.value }));
  return h("li", { class: "setting" }, h("div", {}, h("b", { text: template.name }), h("span", { class: "fine", text: `${template.language} · ${template.body}` })), status);
}

function updateTemplate(element, template) {
  element.querySelector("select").value = template.status;
}

const switches = new Switches((name, value) => change({ [name]: value }));

function render() {
  build();
  if (!provider || !account()) return;
  const { senders, templates, balance } = account();
  showLimit(provider.value);
  setValue($("balance"), balance);
  $("balance").placeholder = balance === null ? "not counted" : "";
  reconcile($("senders"), senders, (sender) => `${provider.value} ${sender.id}`, makeSender, updateSender);
  reconcile($("templates"), templates, (template) => `${provider.value} ${template.name} ${template.language}`, makeTemplate, updateTemplate);
  switches.show($("switches"), state.switches.filter((known) => known.provider === provider.value));
}

function build() {
  const place = $("settings");
  if (place.childElementCount > 0 || state.accounts.size === 0) return;
  provider = choice({ id: "settings-provider" }, [...state.accounts.keys()].map((name) => [name, title(name)]));
  provider.value = likelyProvider();
  const part = (name, ...children) => h("section", { class: "settings-part" }, h("h3", { text: name }), ...children);
  place.append(
    h("div", { class: "form settings-head" }, field("Provider", provider)),
    part("Rate limit", limitForm(() => provider.value)), part("Balance", balanceForm()),
    part("Senders", h("ul", { id: "senders" })), part("Templates", h("ul", { id: "templates" })),
    part("Where the documents leave it open", h("ul", { id: "switches" })));
  // Clears the input that was meant for another provider.
  const another = () => {
    for (const form of place.querySelectorAll("form")) form.reset();
    changed("settings");
  };
  provider.addEventListener("change", another);
  follow(provider, another);
}

export function start() {
  on(["settings", "accounts"], render);
}

/** Reloads the limits while they are shown: they change with every request and have no event. */
export function tick() {
  if (!document.hidden && $("settings").checkVisibility()) loadLimits();
}

// A provider's rate limit and its remaining requests.

/** The form that sets the limit of the provider `chosen()`. */
function limitForm(chosen) {
  const limit = h("input", { type: "number", id: "limit-count", min: 0, max: 4_294_967_295, required: true });
  const seconds = h("input", { type: "number", id: "limit-seconds", min: 1, max: 2_678_400, required: true });
  const set = async (event) => {
    event.preventDefault();
    const none = limit.value === "";
    await post("limits", { provider: chosen(), limit: none ? null : Number(limit.value), window_s: Number(seconds.value) });
    toast(none ? "There is no limit now" : `The limit is ${limit.value} in ${seconds.value} s`, "fine");
    await loadLimits();
    $("limit-form").reset();
  };
  return [
    h("form", { class: "inline", id: "limit-form", on: { submit: (event) => set(event).catch(() => {}) } },
      field("Requests", limit), field("in seconds", seconds), h("button", { type: "submit", class: "small", text: "Set" })),
    h("ul", { id: "buckets", class: "fine" }),
  ];
}

const nameOf = ({ key, account }) => (account ? `account ${account}` : key ? `key ${key.slice(0, 6)}…` : "everybody");

/** Shows the limit of a provider, if the mock server reports it. */
function showLimit(provider) {
  const told = state.limits.find((limit) => limit.provider === provider);
  setValue($("limit-count"), told?.limit);
  setValue($("limit-seconds"), told?.window_s);
  // A mock server that reports limits also accepts "no limit".
  $("limit-count").required = !told;
  $("limit-count").placeholder = told ? "no limit" : "";
  const buckets = (told?.buckets ?? []).filter(({ used }) => used > 0);
  reconcile($("buckets"), buckets, nameOf, () => h("li", {}), (element, bucket) => {
    const until = bucket.resets_at ? ` until ${timeOfDay(bucket.resets_at)}` : "";
    setText(element, `${nameOf(bucket)}: ${bucket.used} used, ${bucket.remaining} left${until}`);
  });
}
