// Functions that build the page. Untrusted text is inserted as text only.

import { count } from "./time.js";

/**
 * Makes an element. Sets `properties` as properties if the element has them (except `class`, `text` and `on`), or else as
 * attributes. Children are elements or texts; null is left out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The element with an id. */
export const $ = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  tick: ["M2 8.5l3.5 3.5L12 5"],
  ticks: ["M1 8.5l3.5 3.5L11 5", "M7.5 11l1 1L15 5"],
  cross: ["M4 4l8 8M12 4l-8 8"],
  copy: ["M5.5 5.5h8v8h-8z", "M10.5 5.5v-3h-8v8h3"],
};

/** An icon, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `icon ${name}`);
  svg.setAttribute("aria-hidden", "true");
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

/**
 * Updates the children of `parent` to `items`, in order. An item that is shown already keeps its element, focus and selection.
 * `make` builds an element; `update` updates a kept one.
 */
export function reconcile(parent, items, keyOf, make, update = () => {}) {
  const kept = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = new Map(items.map((item) => [String(keyOf(item)), item]));
  // Removes old elements first. Otherwise all elements behind them would move.
  for (const [key, element] of kept) if (!wanted.has(key)) element.remove();
  let place = parent.firstElementChild;
  for (const [key, item] of wanted) {
    let element = kept.get(key);
    if (!element) {
      element = make(item);
      element.dataset.key = key;
    }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}

/** Sets a text only if it differs: a repeated text costs layout, and screen readers would read it again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Updates a field to a number, which may be raw JSON text. The user's own input stays until the form is reset.
 * A focused field is updated when it loses focus.
 */
export function setValue(input, number) {
  const text = number === null || number === undefined ? "" : String(Number(number.rawJSON ?? number));
  if (input.defaultValue === text) return;
  const show = () => {
    input.defaultValue = text;
  };
  if (document.activeElement === input && input.value === input.defaultValue) input.addEventListener("blur", show, { once: true });
  else show();
}

/** Announces a text to screen readers. */
export function announce(text) {
  $("announcer").textContent = text;
}

/** Shows a short message for some seconds; problems stay longer. */
export function toast(text, kind = "problem") {
  const toasts = $("toasts");
  const element = h("p", { class: `toast ${kind}` }, h("span", { text }));
  const away = () => {
    element.remove();
    if (toasts.childElementCount === 0 && toasts.matches(":popover-open")) toasts.hidePopover();
  };
  if (kind === "problem") element.append(h("button", { type: "button", "aria-label": "Dismiss", text: "×", on: { click: away } }));
  toasts.append(element);
  // Showing it again puts it above a dialog that was opened since.
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
  setTimeout(away, kind === "problem" ? 9000 : 2500);
}

/** A button that copies the result of `text`. */
export function copyButton(label, text, properties = {}) {
  const copy = async () => {
    await navigator.clipboard.writeText(text()).then(
      () => toast("Copied", "fine"),
      () => toast("The browser does not let this page copy; select the text instead."),
    );
  };
  return h("button", { type: "button", class: "quiet small copy", ...properties, on: { click: copy } }, icon("copy"), label);
}

/** The text of an empty list: a sentence and a command to try. */
export function emptyState(element, sentence, command) {
  if (element.childElementCount > 0) return;
  element.className = "empty";
  element.append(
    h("p", { text: sentence }),
    h("div", { class: "try" }, h("pre", { tabindex: "0" }, h("code", { text: command })), copyButton("Copy", () => command)),
  );
}

/** A labelled control of a form. */
export function field(label, control, hint = null) {
  return h("label", { class: "field" }, h("span", { text: label }), control, hint && h("small", { text: hint }));
}

/** A select; options are pairs of value and label. */
export function choice(properties, options) {
  return h("select", properties, options.map(([value, text]) => h("option", { value, text })));
}

/** Shows a count beside every label of a tab. */
export function showCount(name, text) {
  for (const element of document.querySelectorAll(`[data-count="${name}"]`)) setText(element, text);
}

/** Shows a dialog, unless it is open. */
export function open(dialog) {
  if (!dialog.open) dialog.showModal();
}

// Shows the start of a long list, with a button for more and a note on left-out items.

const STEP = 100;

export class Growing {
  #most = STEP;

  /** `place` is the id of an element after the list, `what` the plural of its items. The button calls `grown`. */
  constructor(place, what, grown) {
    Object.assign(this, { place, what, grown });
  }

  /** Shows only the first items again. */
  reset() {
    this.#most = STEP;
  }

  /** Returns the shown items. `beyond` is the note for items that the page does not keep. */
  part(items, beyond = null) {
    const place = $(this.place);
    const left = items.length - this.#most;
    const words = left > 0 ? `${count(this.#most)} of ${count(items.length)} ${this.what}` : beyond;
    place.hidden = words === null;
    if (words !== null && place.dataset.words !== words) {
      place.dataset.words = words;
      const more = () => {
        this.#most += STEP;
        this.grown();
      };
      place.replaceChildren(h("p", { class: "fine", text: words }), ...(left > 0 ? [h("button", { type: "button", class: "small", on: { click: more }, text: "Show more" })] : []));
    }
    return items.slice(0, this.#most);
  }
}
