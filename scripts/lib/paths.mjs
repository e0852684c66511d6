// Where things lie.
import { relative, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** A program's file name on this system. */
export function program(name) {
  return process.platform === "win32" ? `${name}.exe` : name;
}

/** A path as a person in the project's directory would type it. */
export function shown(path) {
  const short = relative(root, path);
  return short.startsWith("..") ? path : short;
}
