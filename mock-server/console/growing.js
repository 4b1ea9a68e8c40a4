// A long list of which the beginning is shown, with a button for more and a word on what is not there.

import { $, h } from "./dom.js";
import { count } from "./time.js";

const STEP = 100;

export class Growing {
  #most = STEP;

  /** `place` is the id of an element after the list; `what` the list is of; `grown` is called when more is wanted. */
  constructor(place, what, grown) {
    Object.assign(this, { place, what, grown });
  }

  /** From the beginning again. */
  reset() {
    this.#most = STEP;
  }

  /** What of the items is shown. `beyond` says where there are more than the page keeps, if it keeps no more. */
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
