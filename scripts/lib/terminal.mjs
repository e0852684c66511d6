// A program at a terminal: a person sits there, reads what it asks, and types.
import { start } from "./run.mjs";

/** Gives a program a terminal of its own. Python has one on every system on which there are any. */
const PTY = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";

/**
 * Runs a program at a terminal. `answers`: what is typed, each as soon as the words before it have been printed.
 * `{ code, text }` as it ended.
 */
export async function atTerminal(command, args, { answers = [], env = process.env } = {}) {
  const child = start("python3", ["-c", PTY, command, ...args], { env, stdio: ["pipe", "pipe", "pipe"] });
  const left = [...answers];
  let text = "";
  let heard = 0;
  child.stdout.setEncoding("utf8").on("data", (piece) => {
    text += piece;
    for (let at; left.length > 0 && (at = text.indexOf(left[0][0], heard)) >= 0;) {
      const [words, typed] = left.shift();
      heard = at + words.length;
      child.stdin.write(`${typed}\n`);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (piece) => (text += piece));
  const { code } = await child.ended;
  return { code, text: left.length > 0 ? `${text}\nIt never said: ${left[0][0]}` : text };
}
