// One message of a conversation: content, status, or the reason of its rejection.

import { h, icon } from "./dom.js";
import { elements, summary } from "./content.js";
import { hint, show } from "./exchange.js";
import { minuteOfDay } from "./time.js";

const RANK = ["sent", "delivered", "read", "failed"];
const DRAWINGS = { sent: "tick", failed: "cross" };

/** The furthest status of a message. */
function furthest(message) {
  return message.statuses.reduce((best, status) => (!best || RANK.indexOf(status.status) >= RANK.indexOf(best.status) ? status : best), null);
}

function ticks({ status }) {
  return h("span", { class: `status ${status}`, title: status }, icon(DRAWINGS[status] ?? "ticks"), h("span", { class: "unseen", text: status }));
}

/** A bubble; `answer` sends a choice of the message as the contact. */
export function bubble(message, row, answer) {
  if (message.direction === "attempt") return attempt(message, row);
  const kind = message.content?.type === "template" ? " template" : "";
  return h("article", { class: `bubble ${message.direction}${kind}`, "aria-label": message.direction === "in" ? "Customer" : "Business" },
    h("div", { class: "said" }, elements(row.provider, message.content, message.direction === "out" ? answer : null), target(message, row)),
    h("footer", {},
      message.reference ? h("span", { class: "reference", text: message.reference, title: "The client's own reference" }) : null,
      h("time", { datetime: message.at, text: minuteOfDay(message.at) }),
      h("span", { class: "ticks" })),
    h("p", { class: "why", hidden: true }));
}

/** The message of a reaction, if it is still listed. */
function target({ content }, row) {
  if (content?.type !== "reaction") return null;
  const about = row.messages.findLast((known) => known.message_id === content.message_id);
  return about ? h("p", { class: "fine about", text: `to “${summary(row.provider, about.content)}”` }) : null;
}

/** A rejected message: struck out, with a link to the request. */
function attempt({ exchange, content, at }, row) {
  const why = exchange.cause ?? exchange.fault ?? hint(exchange.response) ?? "see why";
  return h("article", { class: "bubble attempt", "aria-label": "Refused message of the business" },
    h("div", { class: "said" }, elements(row.provider, content, null)),
    h("button", { type: "button", class: "refusal", title: "Show the request and its answer", on: { click: () => show(exchange) } },
      h("b", { text: `Refused ${exchange.status}` }), h("span", { text: why }), h("time", { datetime: at, text: minuteOfDay(at) })));
}

/** Shows the newest status of a message that is shown already. */
export function updateBubble(element, message) {
  const status = furthest(message);
  if (message.direction !== "out" || !status || element.dataset.status === status.status) return;
  element.dataset.status = status.status;
  element.querySelector(".ticks").replaceChildren(ticks(status));
  const why = element.querySelector(".why");
  why.hidden = !status.error;
  if (status.error) why.textContent = `${status.error.code} ${status.error.name}: ${status.error.text}`;
}
