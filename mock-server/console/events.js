// Applies server-sent events to the page's state.

import { isIncluded, loadConfig, loadHeld } from "./loading.js";
import { addDelivery, addMessage, addRequest, conversation, forgetRequests, state } from "./store.js";
import { changed } from "./subjects.js";
import { setClock } from "./time.js";

/** The change that each event makes, by its name. */
const changes = {
  clock(clock) {
    setClock(clock);
    changed("clock", "people", "chat");
  },
  inbound(message) {
    addMessage(conversation(message, message.to, message.from), { ...message, direction: "in", statuses: [] });
    changed("people", "chat");
  },
  message(message) {
    addMessage(conversation(message, message.from, message.to), { ...message, direction: "out", statuses: [] });
    changed("people", "chat");
  },
  status(status) {
    const row = conversation(status, status.from, status.to);
    let message = row.messages.findLast((known) => known.message_id === status.message_id);
    // A failed message has statuses only. A message that is no longer listed needs none.
    if (!message && row.cut && status.status !== "failed") return;
    if (!message) {
      message = { ...status, content: null, direction: "out", statuses: [] };
      addMessage(row, message);
    }
    message.statuses.push(status);
    changed("people", "chat");
  },
  request(exchange) {
    addRequest(exchange);
    changed("requests", "people", "chat");
    if (exchange.fault === "gate") loadHeld();
  },
  faults(faults) {
    state.faults = faults;
    changed("faults");
  },
  webhook(tried) {
    addDelivery(tried);
    changed("webhooks");
  },
  config({ call }) {
    if (call === "gates") loadHeld();
    else if (call === "requests") forgetRequests();
    else loadConfig();
  },
};

const PARTS = { inbound: "chat", message: "chat", status: "chat", request: "requests", webhook: "deliveries" };

export const EVENTS = Object.keys(changes);

/** Applies one event, unless the loaded state includes it. */
export function apply(name, data, id) {
  if (!isIncluded(PARTS[name] ?? name, id)) changes[name](data);
}
