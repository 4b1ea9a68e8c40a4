// Shows the start of a long list, with a button for more and a note on left-out items.

import { $, h } from "./dom.js";
import { count } from "./time.js";

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
