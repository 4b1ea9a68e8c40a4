// Switches for ambiguities of the provider documentation, each with its source.

import { choice, h, reconcile } from "./dom.js";

export class Switches {
  /** Calls `change` with a switch's name and its new value. */
  constructor(change) {
    this.change = change;
  }

  show(place, switches) {
    reconcile(place, switches, ({ provider, name }) => `${provider} ${name}`, (known) => this.#make(known), update);
  }

  #make({ name, allowed, about, source, default: usual }) {
    const value = choice({ "aria-label": name }, allowed.map((option) => [option, option === usual ? `${option} (default)` : option]));
    value.addEventListener("change", () => this.change(name, value.value));
    return h("li", { class: "setting switch" },
      h("div", {}, h("b", { text: name }), h("span", { class: "fine", text: about }), h("small", { class: "source", text: source })), value);
  }
}

function update(element, { value, default: usual }) {
  element.querySelector("select").value = value;
  element.classList.toggle("changed", value !== usual);
}
