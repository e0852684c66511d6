// How well a name fits what was typed. Letters are compared without case and accents.

export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/** 0 where it does not fit; every typed word must be somewhere in the name, best at the beginning of a word. */
export function fit(name: string, typed: string): number {
  const text = folded(name);
  const words = folded(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return 1;
  const scores = words.map((word) => fitWord(text, word));
  if (scores.includes(0)) return 0;
  const whole = text === words.join(" ") ? 10 : 0;
  return scores.reduce((sum, score) => sum + score, whole) / words.length;
}

function fitWord(text: string, word: string): number {
  if (text.startsWith(word)) return 8;
  const at = text.indexOf(word);
  if (at > 0) return new RegExp(`[^\\p{L}\\p{N}]$`, "u").test(text.slice(0, at)) ? 6 : 3;
  return initials(text, word) ? 4 : 0;
}

/** `gtd` fits “get ticket details”. */
function initials(text: string, word: string): boolean {
  const first = text
    .split(/[^\p{L}\p{N}]+/u)
    .map((each) => each[0] ?? "")
    .join("");
  return word.length > 1 && first.startsWith(word);
}

/** The best of a list, best first; those that fit alike stay in their order. */
export function best<T>(list: readonly T[], nameOf: (item: T) => string, typed: string, most: number): T[] {
  const scored = list.map((item) => ({ item, score: fit(nameOf(item), typed) })).filter(({ score }) => score > 0);
  return scored
    .sort((left, right) => right.score - left.score)
    .slice(0, most)
    .map(({ item }) => item);
}
