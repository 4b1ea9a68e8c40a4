// The form that registers a webhook, with its ordered failures.

import { $, choice, field, h } from "./dom.js";
import { post } from "./api.js";
import { follow } from "./provider.js";
import { state, title } from "./store.js";
import { on } from "./subjects.js";

function build() {
  const form = $("webhook-form");
  if (form.childElementCount > 0 || state.accounts.size === 0) return;
  const provider = choice({ id: "webhook-provider" }, [...state.accounts.keys()].map((name) => [name, title(name)]));
  const url = h("input", { type: "url", required: true, placeholder: "http://127.0.0.1:9000/hook", id: "webhook-url" });
  const secret = h("input", { type: "password", autocomplete: "off", placeholder: "none", id: "webhook-secret" });
  const sink = h("input", { type: "checkbox", id: "webhook-sink", on: { change: () => {
    url.disabled = sink.checked;
  } } });
  const announcements = h("input", { type: "checkbox", id: "webhook-announcements" });
  const lose = h("input", { type: "number", id: "webhook-lose", placeholder: "none", min: 1 });
  const delay = h("input", { type: "text", id: "webhook-delay", placeholder: "none", pattern: "\\s*(\\d+(ms|s|m|h|d))+\\s*", title: "A number with its unit, such as 5s or 1h30m" });
  const copies = h("input", { type: "number", id: "webhook-copies", value: "1", min: 1, max: 10, required: true });
  const signature = choice({ id: "webhook-signature" }, [["good", "as it should be"], ["wrong", "wrong"], ["missing", "missing"]]);
  const reorder = h("input", { type: "checkbox", id: "webhook-reorder" });
  form.append(
    h("div", { class: "fields" }, field("Provider", provider), field("Secret", secret), field("Address on this machine", url)),
    h("label", { class: "check" }, sink, h("span", { text: "keep the calls in the log and send none" })),
    h("label", { class: "check" }, announcements, h("span", { text: "also report conversations and templates, where the provider does" })),
    h("details", { class: "more" }, h("summary", { class: "fine", text: "Ordered failures" }),
      h("div", { class: "fields" }, field("Calls for each event", copies), field("Signature", signature), field("Lose every so many", lose), field("Make them wait", delay)),
      h("label", { class: "check" }, reorder, h("span", { text: "statuses come newest first" }))),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary", text: "Register" })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = sink.checked ? { provider: provider.value, sink: true } : { provider: provider.value, url: url.value };
    if (secret.value !== "") body.secret = secret.value;
    if (copies.value !== "1") body.copies = Number(copies.value);
    if (reorder.checked) body.reorder = true;
    if (signature.value !== "good") body.signature = signature.value;
    if (announcements.checked) body.announcements = true;
    if (lose.value !== "") body.lose_every = Number(lose.value);
    if (delay.value !== "") body.delay = delay.value.trim();
    const kept = provider.value;
    await post("webhooks", body).then(() => {
      form.reset();
      url.disabled = false;
      provider.value = kept;
    }, () => {});
  });
  follow(provider);
}

export function start() {
  on(["accounts"], build);
}
