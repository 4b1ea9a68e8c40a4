// Forms start with the shown provider, until the user chooses another one.

import { likelyProvider } from "./store.js";
import { on } from "./subjects.js";

/** Lets a select follow the shown provider. Calls `moved` after each change. */
export function follow(choice, moved = () => {}) {
  let own = false;
  const step = () => {
    const provider = likelyProvider();
    if (own || !provider || choice.value === provider) return;
    choice.value = provider;
    moved();
  };
  choice.addEventListener("change", () => {
    own = true;
  });
  on(["people", "accounts"], step);
  step();
}
