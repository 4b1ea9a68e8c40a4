// Writing as the contact of the shown conversation: text, files, locations and reactions.

import { $, choice, field, h, open } from "./dom.js";
import { post } from "./api.js";
import { summary } from "./content.js";
import { selected } from "./store.js";

/** Sends a message as the contact. If it is refused, `post` has shown the reason, and this throws. */
export async function write(content) {
  const row = selected();
  if (!row) return;
  const words = content.type === "text" ? { text: content.body } : { content };
  const writer = row.contact.startsWith("+") ? { from: row.contact } : { user_id: row.contact };
  await post("inbound", { provider: row.provider, ...writer, to: row.business, ...words });
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
  startAttach();
  $("compose").addEventListener("submit", submit);
  $("compose-text").addEventListener("input", grow);
  $("compose-text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
}

// Sends files, locations and reactions as the contact.

const MEDIA = { image: "photo.jpg", video: "clip.mp4", audio: "voice.ogg", document: "letter.pdf", sticker: "sticker.webp" };
const KINDS = [["image", "Photo"], ["video", "Video"], ["audio", "Voice message"], ["document", "Document"], ["sticker", "Sticker"], ["location", "Location"], ["reaction", "Reaction"]];
const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
/** The number of the business's messages that are offered for a reaction. */
const RECENT = 20;

/** Opens the form for files, locations and reactions. */
export function attach() {
  const row = selected();
  if (!row) return;
  const dialog = $("dialog-attach");
  const text = (id, value, properties = {}) => h("input", { id, value, autocomplete: "off", ...properties });
  const degrees = (id, value, most) => h("input", { id, type: "number", step: "any", min: -most, max: most, required: true, value });
  const recent = row.messages.filter((message) => message.direction === "out" && message.content).slice(-RECENT).reverse();
  const kind = choice({ id: "attach-kind" }, KINDS.filter(([name]) => name !== "reaction" || recent.length > 0));
  const link = text("attach-link", "", { type: "url", required: true });
  const caption = text("attach-caption", "", { placeholder: "optional" });
  const [latitude, longitude] = [degrees("attach-latitude", "13.0827", 90), degrees("attach-longitude", "80.2707", 180)];
  const place = text("attach-name", "", { placeholder: "optional" });
  const emoji = choice({ id: "attach-emoji" }, EMOJI.map((sign) => [sign, sign]));
  const target = choice({ id: "attach-message" }, recent.map((message) => [message.message_id, summary(row.provider, message.content)]));
  const fields = [
    [field("Address of the file", link, "It is only named: neither the mock nor this page fetches it."), () => kind.value in MEDIA],
    [field("Caption", caption), () => ["image", "video", "document"].includes(kind.value)],
    [field("Latitude", latitude), () => kind.value === "location"], [field("Longitude", longitude), () => kind.value === "location"],
    [field("Name of the place", place), () => kind.value === "location"],
    [field("To the message", target), () => kind.value === "reaction"], [field("Reaction", emoji), () => kind.value === "reaction"],
  ];
  const adapt = () => {
    for (const [element, isWanted] of fields) {
      element.hidden = !isWanted();
      // A hidden field must not stop the form from being sent.
      element.querySelector("input, select").disabled = element.hidden;
    }
    link.value = `https://files.example/${MEDIA[kind.value]}`;
  };
  const content = () => {
    const type = kind.value;
    if (type === "reaction") return { type, message_id: target.value, emoji: emoji.value };
    if (type === "location") return { type, latitude: Number(latitude.value), longitude: Number(longitude.value), ...(place.value && { name: place.value }) };
    const file = { type, link: link.value };
    if (type === "document") file.filename = new URL(link.value).pathname.split("/").at(-1) || "document";
    if (!caption.disabled && caption.value) file.caption = caption.value;
    return file;
  };
  const send = (event) => {
    event.preventDefault();
    return write(content()).then(() => {
      dialog.close();
      $("compose-text").focus();
    }, () => {});
  };
  kind.addEventListener("change", adapt);
  dialog.replaceChildren(h("form", { class: "form", on: { submit: send } },
    h("h2", { id: "dialog-attach-title", text: `${row.name ?? row.contact} sends` }),
    field("What", kind), fields.map(([element]) => element),
    h("div", { class: "buttons" },
      h("button", { type: "button", text: "Cancel", on: { click: () => dialog.close() } }),
      h("button", { type: "submit", class: "primary", text: "Send" }))));
  adapt();
  open(dialog);
}

function startAttach() {
  $("attach").addEventListener("click", attach);
}
