// Marks the names that findings give, at their places in a request.

import { h } from "./dom.js";

const RANK = ["note", "tolerated", "refused"];

/** The names in backticks of the findings, without their paths, each with its worst level. */
export function namesIn(findings) {
  const names = new Map();
  for (const { level, text } of findings) {
    for (const [, path] of text.matchAll(/`([\w.[\]-]+)`/g)) {
      const name = path.replace(/\[\d+\]/g, "").split(".").at(-1).toLowerCase();
      if (name !== "" && RANK.indexOf(level) >= RANK.indexOf(names.get(name) ?? "note")) names.set(name, level);
    }
  }
  return names;
}

const escaped = (name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const mark = (text, level) => h("mark", { data: { level }, text });

/** Splits a text into parts with marked names. `around` is a pattern in which `NAME` stands for the name. */
function marked(text, names, around) {
  if (names.size === 0) return [text];
  const pattern = new RegExp(around.replace("NAME", [...names.keys()].map(escaped).join("|")), "gi");
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    parts.push(text.slice(from, found.index), mark(found[0], names.get(found.groups.name.toLowerCase())));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** The members of a JSON text. */
export const members = (text, names) => marked(text, names, '"(?<name>NAME)"(?=\\s*:)');

/** The parameters of a path's query. */
export function parameters(path, names) {
  const [start, ...query] = path.split("?");
  return query.length === 0 ? [path] : [`${start}?`, ...marked(query.join("?"), names, "(?<=^|&)(?<name>NAME)(?==|&|$)")];
}

/** The name of a header. */
export const header = (name, names) => (names.has(name) ? [mark(name, names.get(name))] : [name]);
