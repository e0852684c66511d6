// What a person is told: plain sentences, and failures in three parts.

/** A failure somebody can do something about: what went wrong, why, and what now. */
export class Trouble extends Error {
  constructor(what, why, now) {
    super(what);
    this.why = why;
    this.now = now;
  }
}

export function say(sentence) {
  console.log(sentence);
}

export function tell(trouble) {
  console.error(`\n${trouble.message}`);
  console.error(`  Why:      ${trouble.why}`);
  console.error(`  What now: ${trouble.now}`);
}

/** `1 test`, `2 tests`. */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
