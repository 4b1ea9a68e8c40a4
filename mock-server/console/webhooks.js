// Webhooks: where they go, and what came of each try.

import { $, choice, emptyState, field, h, reconcile } from "./dom.js";
import { base, post, remove, stringify } from "./api.js";
import { dot } from "./list.js";
import { changed, on, state, title } from "./store.js";
import { timeOfDay } from "./time.js";

function build() {
  const form = $("webhook-form");
  if (form.childElementCount > 0 || state.accounts.size === 0) return;
  const provider = choice({ id: "webhook-provider" }, [...state.accounts.keys()].map((name) => [name, title(name)]));
  const url = h("input", { type: "url", required: true, placeholder: "http://127.0.0.1:9000/hook", id: "webhook-url" });
  const secret = h("input", { type: "password", autocomplete: "off", placeholder: "none", id: "webhook-secret" });
  form.append(
    h("div", { class: "fields" }, field("Provider", provider), field("Secret", secret), field("Address on this machine", url)),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary", text: "Register" })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { provider: provider.value, url: url.value };
    if (secret.value !== "") body.secret = secret.value;
    await post("webhooks", body).then(() => form.reset(), () => {});
  });
}

function makeHook(hook) {
  const off = () => remove(`webhooks?provider=${encodeURIComponent(hook.provider)}`).then(({ answer }) => {
    state.webhooks = answer;
    changed("webhooks");
  }, () => {});
  return h("li", { class: "rule" }, dot(hook.provider),
    h("div", {}, h("b", { text: title(hook.provider) }), h("span", { class: "fine" })),
    h("button", { type: "button", class: "small", on: { click: off }, "aria-label": `Remove the webhook of ${title(hook.provider)}`, text: "Remove" }));
}

function makeTry(tried) {
  const good = tried.status >= 200 && tried.status < 300;
  const words = tried.attempt === 0 ? "given up" : tried.status === null ? "no answer" : String(tried.status);
  return h("li", {}, h("details", { class: "try-made" },
    h("summary", {}, dot(tried.provider), h("time", { text: timeOfDay(tried.at) }), h("span", { class: "path", text: tried.url }),
      tried.attempt > 1 ? h("span", { class: "badge", text: `try ${tried.attempt}` }) : null,
      h("b", { class: "code", data: { mood: good ? "good" : "broken" }, text: words })),
    h("pre", { class: "wire", tabindex: "0" }, h("code", { text: stringify(tried.body, 2) }))));
}

function render() {
  reconcile($("webhooks"), state.webhooks, (hook) => hook.provider, makeHook, (element, hook) => {
    element.querySelector(".fine").textContent = `${hook.url} · ${hook.signed ? "signed" : "not signed"}`;
  });
  reconcile($("deliveries"), state.deliveries, (tried) => tried.key, makeTry);
  $("count-webhooks").textContent = state.deliveries.length > 0 ? String(state.deliveries.length) : "";
  $("webhooks-title").hidden = state.webhooks.length === 0;
  $("deliveries-title").hidden = state.deliveries.length === 0;
  const empty = $("webhooks-empty");
  empty.hidden = state.webhooks.length + state.deliveries.length > 0;
  emptyState(empty, "No webhook is registered. Statuses and what customers write go to an address on this machine:",
    `curl ${location.origin}${base}/_mock/webhooks -d '{"provider":"exotel","url":"http://127.0.0.1:9000/hook","secret":"s3cret"}'`);
}

export function start() {
  on(["accounts"], build);
  on(["webhooks"], render);
}
