// The settings of a provider's account: limit, balance, senders, templates and switches.

import { $, choice, field, h, reconcile, setText, setValue } from "./dom.js";
import { post } from "./api.js";
import * as limits from "./limits.js";
import { loadConfig, loadLimits } from "./loading.js";
import { follow } from "./provider.js";
import { likelyProvider, state, title } from "./store.js";
import { changed, on } from "./subjects.js";
import { Switches } from "./switches.js";

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
  limits.show(provider.value);
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
    part("Rate limit", limits.form(() => provider.value)), part("Balance", balanceForm()),
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
