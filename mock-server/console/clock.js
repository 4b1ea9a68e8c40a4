// The virtual clock and its buttons.

import { $, announce, field, h, open, setText, toast } from "./dom.js";
import { post } from "./api.js";
import { on, title } from "./store.js";
import { day, isFrozen, now, setClock, timeOfDay } from "./time.js";

/** Sets the clock and applies the answer at once, without waiting for the event. */
export async function turn(body, words) {
  const { answer } = await post("clock", body);
  setClock(answer);
  render();
  announce(`${words}. It is ${timeOfDay(now())} on ${day(now())}.`);
  return answer;
}

export const advance = (by, words) => turn({ advance: by }, words).catch(() => {});

/** Advances to the next timer and shows its name. */
export async function next() {
  const { event } = await turn({ advance: "next" }, "The clock advanced to the next event");
  if (!event) {
    toast("No event is waiting", "fine");
    return;
  }
  const who = event.provider ? title(event.provider) : null;
  const what = [who, String(event.kind).replaceAll("_", " "), event.status, event.contact ?? event.to, `at ${timeOfDay(event.at)}`];
  toast(what.filter(Boolean).join(" · "), "fine");
}

export const toggleFreeze = () =>
  turn({ freeze: !isFrozen() }, isFrozen() ? "The clock runs" : "The clock is frozen").catch(() => {});

/** Shows the current time. */
export function tick() {
  setText($("clock-time"), timeOfDay(now()));
  setText($("clock-date"), `${day(now())} UTC${isFrozen() ? " · frozen" : ""}`);
}

function render() {
  tick();
  $("clock-freeze").setAttribute("aria-pressed", String(isFrozen()));
}

/** Opens the form for a time. */
export function choose() {
  const dialog = $("dialog-clock");
  const time = h("input", { type: "datetime-local", step: 1, required: true, name: "time" });
  time.value = new Date(now()).toISOString().slice(0, 19);
  const set = async (event) => {
    event.preventDefault();
    const wanted = time.value.length === 16 ? `${time.value}:00Z` : `${time.value}Z`;
    await turn({ set: wanted }, "The clock is set").then(() => dialog.close(), () => {});
  };
  const real = () => turn({ set: new Date().toISOString(), freeze: false }, "The clock shows real time").then(() => dialog.close(), () => {});
  dialog.replaceChildren(h("form", { class: "form", on: { submit: set } },
    h("h2", { id: "dialog-clock-title", text: "Set the clock" }),
    field("Time in UTC", time, "Windows, limits and webhook retries follow this clock."),
    h("div", { class: "buttons" },
      h("button", { type: "button", on: { click: real }, text: "Real time" }),
      h("button", { type: "button", on: { click: () => dialog.close() }, text: "Cancel" }),
      h("button", { type: "submit", class: "primary", text: "Set" }))));
  open(dialog);
}

export function start() {
  on(["clock"], render);
  $("clock-hour").addEventListener("click", () => advance("1h", "One hour later"));
  $("clock-day").addEventListener("click", () => advance("25h", "25 hours later"));
  $("clock-next").addEventListener("click", () => next().catch(() => {}));
  $("clock-freeze").addEventListener("click", toggleFreeze);
  $("clock-set").addEventListener("click", choose);
}
