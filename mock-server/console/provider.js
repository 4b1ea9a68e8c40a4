// Forms start at the provider that is looked at, until somebody chooses another one in them.

import { likelyProvider } from "./store.js";
import { on } from "./subjects.js";

/** Lets a choice of providers follow what is looked at. `moved` is called when it has. */
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
