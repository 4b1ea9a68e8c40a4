// Webhooks: targets, delivery attempts, and the form that registers one.

import { $, Growing, choice, emptyState, field, h, reconcile, setText, showCount, toast } from "./dom.js";
import { base, post, remove } from "./api.js";
import { body, headers } from "./exchange.js";
import { dot, follow } from "./list.js";
import { MOST, changed, on, state, title } from "./store.js";
import { day, now, timeOfDay } from "./time.js";

function makeHook(hook) {
  const off = () => remove(`webhooks?provider=${encodeURIComponent(hook.provider)}`).then(({ answer }) => {
    state.webhooks = answer;
    changed("webhooks");
  }, () => {});
  return h("li", { class: "rule" }, dot(hook.provider),
    h("div", {}, h("b", { text: title(hook.provider) }), h("span", { class: "fine" })),
    h("button", { type: "button", class: "small", on: { click: off }, "aria-label": `Remove the webhook of ${title(hook.provider)}`, text: "Remove" }));
}

function updateHook(element, hook) {
  const words = [
    hook.url ?? "kept here, not sent", hook.signed ? "signed" : "not signed", hook.copies > 1 ? `${hook.copies} calls each` : null,
    hook.reorder ? "newest first" : null, hook.signature && hook.signature !== "good" ? `signature ${hook.signature}` : null,
    hook.lose_every ? `one in ${hook.lose_every} lost` : null, (hook.delay ?? "0s") !== "0s" ? `${hook.delay} late` : null,
    hook.announcements ? "conversations and templates, too" : null,
  ];
  setText(element.querySelector(".fine"), words.filter(Boolean).join(" · "));
}

/** A time, with its date if that differs from today. */
const when = (time) => (day(time) === day(now()) ? timeOfDay(time) : `${timeOfDay(time)} on ${day(time)}`);

function makeTry(tried) {
  const good = tried.status >= 200 && tried.status < 300;
  const words = tried.attempt === 0 ? "given up" : tried.status === null ? "no answer" : String(tried.status);
  const again = () => post("webhooks/redeliver", { number: tried.number }).then(() => toast("Delivered once more", "fine"), () => {});
  return h("li", {}, h("details", { class: "try-made" },
    h("summary", {}, dot(tried.provider), h("time", { text: timeOfDay(tried.at) }), h("span", { class: "path", text: tried.url ?? "kept here, not sent" }),
      tried.attempt > 1 ? h("span", { class: "badge", text: `try ${tried.attempt}` }) : null,
      h("b", { class: "code", data: { mood: good ? "good" : "broken" }, text: words })),
    h("div", { class: "try-more" },
      tried.error ? h("p", { class: "why", text: tried.error }) : null,
      tried.next_at ? h("p", { class: "fine", text: `Next try at ${when(tried.next_at)}` }) : null,
      headers(tried.headers),
      body(tried.body, "no body"),
      tried.number === undefined ? null : h("div", { class: "buttons" }, h("button", { type: "button", class: "small redeliver", on: { click: again }, text: "Deliver again" })))));
}

const shown = new Growing("deliveries-more", "deliveries", () => changed("webhooks"));

function render() {
  reconcile($("webhooks"), state.webhooks, (hook) => hook.provider, makeHook, updateHook);
  const kept = state.deliveries.length >= MOST.deliveries ? `The page keeps the last ${MOST.deliveries}; the mock has more under /_mock/webhooks/deliveries.` : null;
  reconcile($("deliveries"), shown.part(state.deliveries, kept), (tried) => tried.key, makeTry);
  showCount("webhooks", state.deliveries.length > 0 ? String(state.deliveries.length) : "");
  $("webhooks-title").hidden = state.webhooks.length === 0;
  $("deliveries-title").hidden = state.deliveries.length === 0;
  const empty = $("webhooks-empty");
  empty.hidden = state.webhooks.length + state.deliveries.length > 0;
  emptyState(empty, "No webhook is registered. Statuses and what customers write go to an address on this machine:",
    `curl ${location.origin}${base}/_mock/webhooks -d '{"provider":"exotel","url":"http://127.0.0.1:9000/hook","secret":"s3cret"}'`);
}

export function start() {
  startForm();
  on(["webhooks", "accounts"], render);
}

// The form that registers a webhook, with its ordered failures.

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

function startForm() {
  on(["accounts"], build);
}
