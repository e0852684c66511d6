// npm test: every test of the project, added up. `npm test -- rust ui window scripts` runs parts.
import { endAll, command } from "./lib/run.mjs";
import { count, say, Trouble, tell } from "./lib/say.mjs";
import { parts } from "./lib/runners.mjs";
import { needCompilers } from "./lib/system.mjs";
import { judge, sum, table } from "./lib/totals.mjs";

await command(async (args) => {
  const chosen = choose(args);
  await needCompilers();
  const outcomes = [];
  for (const name of chosen) outcomes.push(...(await runPart(name)));
  const left = await endAll();
  say(`\n${table(outcomes)}`);
  if (left > 0) say(`${count(left, "program")} outlived the tests and had to be ended.`);
  const omitted = Object.keys(parts).filter((name) => !chosen.includes(name));
  if (omitted.length > 0) say(`Left out: ${omitted.join(", ")}.`);
  const { passed, failed } = sum(outcomes);
  say(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
});

function choose(args) {
  const all = Object.keys(parts);
  const unknown = args.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new Trouble(
      `There are no tests named ${unknown.join(", ")}.`,
      `There are: ${all.join(", ")}.`,
      "Name some of these, or none for all.",
    );
  }
  return args.length > 0 ? all.filter((name) => args.includes(name)) : all;
}

/** One part's outcomes. A part that could not even begin is a failure, and the others still run. */
async function runPart(name) {
  const { runners, prepare } = parts[name];
  const outcomes = [];
  try {
    await prepare();
    for (const runner of await runners()) outcomes.push(await runOne(runner));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    tell(error);
    outcomes.push({ name, passed: 0, failed: 1, seconds: 0, note: error.message });
  }
  return outcomes;
}

async function runOne({ name, mayBeEmpty, run }) {
  say(`\n${name}`);
  const began = performance.now();
  const { code, totals } = await run();
  return judge(name, { code, totals, mayBeEmpty, seconds: (performance.now() - began) / 1000 });
}
