// Where in a request the findings point: the names that they give, marked where they stand.

import { h } from "./dom.js";

const RANK = ["note", "tolerated", "refused"];

/** The names that findings give in backticks, without the way to them, each with its worst level. */
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

/** A text as parts, in which a name is marked where `around` says that it is a name: a pattern with the name in the place of `NAME`. */
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
