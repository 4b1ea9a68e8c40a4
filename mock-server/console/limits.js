// A provider's rate limit and its remaining requests.

import { $, field, h, reconcile, setText, setValue, toast } from "./dom.js";
import { post } from "./api.js";
import { loadLimits } from "./loading.js";
import { state } from "./store.js";
import { timeOfDay } from "./time.js";

/** The form that sets the limit of the provider `chosen()`. */
export function form(chosen) {
  const limit = h("input", { type: "number", id: "limit-count", min: 0, max: 4_294_967_295, required: true });
  const seconds = h("input", { type: "number", id: "limit-seconds", min: 1, max: 2_678_400, required: true });
  const set = async (event) => {
    event.preventDefault();
    const none = limit.value === "";
    await post("limits", { provider: chosen(), limit: none ? null : Number(limit.value), window_s: Number(seconds.value) });
    toast(none ? "There is no limit now" : `The limit is ${limit.value} in ${seconds.value} s`, "fine");
    await loadLimits();
    $("limit-form").reset();
  };
  return [
    h("form", { class: "inline", id: "limit-form", on: { submit: (event) => set(event).catch(() => {}) } },
      field("Requests", limit), field("in seconds", seconds), h("button", { type: "submit", class: "small", text: "Set" })),
    h("ul", { id: "buckets", class: "fine" }),
  ];
}

const nameOf = ({ key, account }) => (account ? `account ${account}` : key ? `key ${key.slice(0, 6)}…` : "everybody");

/** Shows the limit of a provider, if the mock server reports it. */
export function show(provider) {
  const told = state.limits.find((limit) => limit.provider === provider);
  setValue($("limit-count"), told?.limit);
  setValue($("limit-seconds"), told?.window_s);
  // A mock server that reports limits also accepts "no limit".
  $("limit-count").required = !told;
  $("limit-count").placeholder = told ? "no limit" : "";
  const buckets = (told?.buckets ?? []).filter(({ used }) => used > 0);
  reconcile($("buckets"), buckets, nameOf, () => h("li", {}), (element, bucket) => {
    const until = bucket.resets_at ? ` until ${timeOfDay(bucket.resets_at)}` : "";
    setText(element, `${nameOf(bucket)}: ${bucket.used} used, ${bucket.remaining} left${until}`);
  });
}
