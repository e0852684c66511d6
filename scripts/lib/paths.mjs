// Where things lie.
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Told by the address: an old Node, which is to be refused in words, knows no other way. */
export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** A program's file name on this system. */
export function program(name) {
  return process.platform === "win32" ? `${name}.exe` : name;
}

/** A path as a person in the project's directory would type it. */
export function shown(path) {
  const short = relative(root, path);
  return short.startsWith("..") ? path : short;
}
