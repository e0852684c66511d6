// Rows as comma-separated values (RFC 4180).

const NUMBER = /^[-+]?[\d.,\s]*\d%?$/;

/** Spreadsheets run what begins like a formula: such text gets an apostrophe, as they write text themselves. */
function cell(text: string): string {
  const tame = /^[=+\-@\t\r]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

export function csvOf(rows: string[][]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
