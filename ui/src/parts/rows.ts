// A long text as rows of bounded width, so that only those in sight need to be drawn.

/** Rows that are read as they come into sight; they may have to be fetched. */
export interface Rows {
  total: number;
  read(from: number, to: number): string[] | Promise<string[]>;
  /** All of it, to be copied. */
  whole(): string | Promise<string>;
}

/** Longer lines are broken here. */
export const WIDEST = 400;

export function rowsOf(text: string): Rows {
  const rows: string[] = [];
  for (const line of text.split("\n")) {
    if (line.length <= WIDEST) rows.push(line);
    else for (let at = 0; at < line.length; at += WIDEST) rows.push(line.slice(at, at + WIDEST));
  }
  return { total: rows.length, read: (from, to) => rows.slice(from, to), whole: () => text };
}
