// Content as elements and as one line. Neither its structure nor its text is trusted.

import { h } from "./dom.js";
import { state } from "./store.js";

const text = (value) => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));
const list = (value) => (Array.isArray(value) ? value : []);
const MEDIA = ["image", "video", "audio", "document", "sticker"];

/** The text of a template with its parameters; null if the account has no such template. */
function filled(provider, content) {
  const templates = state.accounts.get(provider)?.templates ?? [];
  const template = templates.find(({ name, language }) => name === content.name && language === content.language);
  if (typeof template?.body !== "string") return null;
  const positional = Array.isArray(content.body);
  let place = 0;
  return template.body.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (placeholder, name) => {
    place += 1;
    const value = positional ? content.body[place - 1] : (content.body?.[name] ?? content.body?.[String(place)]);
    return value === undefined ? placeholder : text(value);
  });
}

/** A summary of a message in one line, for a list. */
export function summary(provider, content) {
  if (!content) return "did not arrive";
  switch (content.type) {
    case "text": return text(content.body);
    case "template": return filled(provider, content) ?? `template ${text(content.name)}`;
    case "buttons": case "list": return text(content.body);
    case "button_reply": case "list_reply": return text(content.title);
    case "button": return text(content.text);
    case "reaction": return text(content.emoji);
    case "location": return `location ${text(content.name)}`.trim();
    default: return [text(content.type), text(content.caption ?? content.filename)].filter(Boolean).join(" · ");
  }
}

/** Elements for a message. With `answer` its choices are active, otherwise only shown. */
export function elements(provider, content, answer) {
  if (!content) return [h("p", { class: "gone", text: "Accepted, and then it did not arrive." })];
  const line = (value, name = "words") => (text(value) === "" ? null : h("p", { class: name, text: text(value) }));
  const parts = [];
  if (content.header && content.type !== "template") parts.push(line(content.header.text ?? content.header.type, "words strong"));
  switch (content.type) {
    case "text":
      parts.push(line(content.body));
      break;
    case "template":
      parts.push(...template(provider, content, answer));
      break;
    case "buttons":
      parts.push(line(content.body), line(content.footer, "fine"), choices(list(content.buttons).map(reply("button_reply")), answer));
      break;
    case "list":
      parts.push(line(content.body), line(content.footer, "fine"), line(content.button, "fine strong"));
      parts.push(choices(list(content.sections).flatMap((section) => list(section?.rows)).map(reply("list_reply")), answer));
      break;
    case "button_reply": case "list_reply":
      parts.push(line(content.title), line(`chose ${text(content.id)}`, "fine"));
      break;
    case "button":
      parts.push(line(content.text));
      break;
    case "reaction":
      parts.push(h("p", { class: "emoji", text: text(content.emoji) }));
      break;
    case "location":
      parts.push(line(content.name, "words strong"), line(content.address), line(`${text(content.latitude)}, ${text(content.longitude)}`, "fine"));
      break;
    case "contacts":
      for (const card of list(content.contacts)) {
        const phones = list(card?.phones).map((phone) => text(phone?.phone));
        parts.push(line(card?.name?.formatted_name, "words strong"), line(phones.join(", "), "fine"));
      }
      break;
    default:
      if (MEDIA.includes(content.type)) parts.push(attachment(content), line(content.caption));
      else parts.push(h("pre", { class: "words", text: JSON.stringify(content, null, 2) }));
  }
  return parts.filter(Boolean);
}

/** Shows a file's name and never fetches the file: this page loads nothing from elsewhere. */
function attachment(media) {
  const where = media.link ?? (media.id === undefined ? "" : `id ${text(media.id)}`);
  return h("div", { class: "attachment" }, h("b", { text: text(media.filename ?? media.type) }), h("span", { text: text(where) }));
}

function template(provider, content, answer) {
  const words = filled(provider, content);
  const values = Array.isArray(content.body) ? content.body.map(text) : Object.entries(content.body ?? {}).map(([name, value]) => `${name}: ${text(value)}`);
  const quick = list(content.buttons).filter((button) => button?.type === "quick_reply");
  const replies = quick.map((button) => ({ title: text(button.payload), content: { type: "button", text: text(button.payload), payload: text(button.payload) } }));
  return [
    h("p", { class: "mark", text: `Template ${text(content.name)} · ${text(content.language)}` }),
    content.header ? attachment(content.header) : null,
    h("p", { class: "words", text: words ?? values.join(", ") }),
    choices(replies, answer),
  ];
}

const reply = (type) => (option) => ({
  title: text(option?.title),
  content: { type, id: text(option?.id), title: text(option?.title) },
});

function choices(options, answer) {
  if (options.length === 0) return null;
  const button = ({ title, content }) =>
    h("button", { type: "button", class: "choice", disabled: !answer, title: "Choose as the customer", text: title, on: { click: () => answer?.(content) } });
  return h("div", { class: "choices" }, options.map(button));
}
