// JSON in lines; whatever is no whole JSON stays as it is.
export function prettied(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
