// What lies on the disk while programs write there.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The name of a file below a directory that holds one of the words; nothing where none does. */
export async function heldInTheOpen(directory, words) {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((each) => each.isFile());
  for (const { name, parentPath } of files) {
    const bytes = await readFile(join(parentPath, name)).catch((error) => {
      if (error.code !== "ENOENT") throw error;
    });
    // What is written anew takes the place of what was there: both may have been missed.
    if (!bytes) return heldInTheOpen(directory, words);
    if (words.some((each) => bytes.includes(each))) return name;
  }
  return undefined;
}
