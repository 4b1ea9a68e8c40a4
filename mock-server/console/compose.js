// The box for writing as the contact of the shown conversation.

import { $ } from "./dom.js";
import { post } from "./api.js";
import { selected } from "./store.js";

/** Sends a message as the contact. If it is refused, `post` has shown the reason, and this throws. */
export async function write(content) {
  const row = selected();
  if (!row) return;
  const words = content.type === "text" ? { text: content.body } : { content };
  await post("inbound", { provider: row.provider, from: row.contact, to: row.business, ...words });
}

/** Sends a choice that a message offers. */
export const answer = (content) => write(content).catch(() => {});

async function submit(event) {
  event.preventDefault();
  const box = $("compose-text");
  const words = box.value.trim();
  if (words === "") return;
  box.value = "";
  grow();
  await write({ type: "text", body: words }).catch(() => {
    box.value = words;
    grow();
  });
  box.focus();
}

/** Fits the height of the box to its text, up to the limit of the style. */
function grow() {
  const box = $("compose-text");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
}

export function start() {
  $("compose").addEventListener("submit", submit);
  $("compose-text").addEventListener("input", grow);
  $("compose-text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
}
