// The virtual clock, and the formats of times and durations.

let shown = Date.now();
let since = performance.now();
let frozen = false;

/** Sets the clock from an answer of the control plane. */
export function setClock(clock) {
  shown = Date.parse(clock.now);
  since = performance.now();
  frozen = clock.frozen;
}

export const isFrozen = () => frozen;

/** The virtual time in milliseconds. */
export const now = () => (frozen ? shown : shown + (performance.now() - since));

/** `09:20:00`, in UTC like all times here. */
export const timeOfDay = (time) => new Date(time).toISOString().slice(11, 19);

/** `09:20`. */
export const minuteOfDay = (time) => new Date(time).toISOString().slice(11, 16);

const DAY = 86_400_000;
/** Made once: creating a formatter costs 100 times one formatting. */
const DATE = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
let dated = { number: null, words: "" };

/** `Mon 11 May 2026`. Caches the last day, because most shown times are of one day. */
export function day(time) {
  const number = Math.floor(new Date(time).getTime() / DAY);
  if (dated.number !== number) dated = { number, words: DATE.format(number * DAY).replace(",", "") };
  return dated.words;
}

/** `23:59:41`, for the remaining time. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const NUMBER = new Intl.NumberFormat("en");

/** `1,000`. */
export const count = (number) => NUMBER.format(number);

/** `3 min`, `25 h`, `12 d`: the time since a moment. */
export function roughly(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return "moments";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 72 ? `${hours} h` : `${count(Math.floor(hours / 24))} d`;
}

/** The present state of a session window: `state`, the time `left`, and a text. */
export function windowNow(window) {
  if (window.state === "never") return { state: "never", left: 0, text: "never wrote" };
  const end = Date.parse(window.until ?? window.since);
  // The page's clock is slightly behind, so a new window is limited to 24 hours.
  const left = Math.min(end - now(), DAY);
  if (left > 0) return { state: left < 3_600_000 ? "short" : "open", left, text: countdown(left) };
  return { state: "closed", left: 0, text: `closed ${roughly(-left)} ago`, since: end };
}
