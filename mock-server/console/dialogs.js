// Two dialogs: starting a conversation, and the reset.

import { $, choice, field, h, open, toast } from "./dom.js";
import { post } from "./api.js";
import { go } from "./list.js";
import { expect, likelyProvider, state, title } from "./store.js";
import { drawn } from "./subjects.js";

const cancel = (dialog) => h("button", { type: "button", text: "Cancel", on: { click: () => dialog.close() } });

/** Asks for sender and contact, and sends the first message. */
export function begin() {
  const dialog = $("dialog-new");
  const providers = [...state.accounts.keys()].map((name) => [name, title(name)]);
  const provider = choice({ id: "new-provider" }, providers);
  if (likelyProvider()) provider.value = likelyProvider();
  const sender = h("select", { id: "new-business" });
  const from = h("input", { type: "tel", required: true, id: "new-from", autocomplete: "off", placeholder: "+919876543210" });
  const name = h("input", { id: "new-name", autocomplete: "off", placeholder: "optional" });
  const words = h("input", { id: "new-text", required: true, autocomplete: "off", value: "hi" });
  const senders = () => {
    const own = (state.accounts.get(provider.value)?.senders ?? []).filter((known) => known.owned);
    sender.replaceChildren(...own.map((known) => h("option", { value: known.phone, text: `${known.phone} ${known.name}` })));
  };
  provider.addEventListener("change", senders);
  senders();
  const submit = async (event) => {
    event.preventDefault();
    const body = { provider: provider.value, from: from.value, to: sender.value, text: words.value };
    if (name.value.trim() !== "") body.name = name.value.trim();
    await post("inbound", body).then(async () => {
      dialog.close();
      expect(provider.value, sender.value, `+${from.value.replace(/\D/g, "")}`);
      go("chat");
      await drawn();
      $("compose-text").focus();
    }, () => {});
  };
  dialog.replaceChildren(h("form", { class: "form", on: { submit } },
    h("h2", { id: "dialog-new-title", text: "A customer writes" }),
    h("div", { class: "fields" },
      field("Provider", provider), field("To the business number", sender),
      field("From the customer's number", from), field("Profile name", name)),
    field("Message", words),
    h("div", { class: "buttons" }, cancel(dialog), h("button", { type: "submit", class: "primary", text: "Write" }))));
  open(dialog);
  from.focus();
}

/** Asks before the reset. */
export function askReset() {
  const dialog = $("dialog-reset");
  const reset = async () => {
    await post("reset", {}).then(() => {
      dialog.close();
      toast("The world is as it was at the start", "fine");
    }, () => {});
  };
  dialog.replaceChildren(h("div", { class: "form" },
    h("h2", { id: "dialog-reset-title", text: "Reset the mock?" }),
    h("p", { text: "Messages, requests, faults, webhooks and switches are forgotten, and the clock shows real time again." }),
    h("div", { class: "buttons" }, cancel(dialog), h("button", { type: "button", class: "danger", text: "Reset", on: { click: reset } }))));
  open(dialog);
}

export function start() {
  $("new").addEventListener("click", begin);
  $("reset").addEventListener("click", askReset);
  // A click beside a dialog closes it.
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }
}
