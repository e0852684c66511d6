// Loquat's API under requests that are made from its own description: well formed, nearly so, and not at all.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { peer } from "../lib/peers.mjs";
import { endAll, run, temporaryDirectory } from "../lib/run.mjs";
import { served } from "./clients/served.mjs";

after(endAll);

test("schemathesis finds no request that is answered otherwise than described", async () => {
  const { model, env } = await served(() => [{ say: ["Yes."] }]);
  const [program] = await peer("schemathesis");
  const url = env.API_URL.replace(/\/v1$/, "");
  const args = ["run", `${url}/openapi.json`, "--header", `Authorization: Bearer ${env.API_KEY}`];
  // What makes a conversation (who speaks last, which call a result answers) cannot be said in a schema.
  args.push("--exclude-checks", "positive_data_acceptance");
  args.push("--max-examples", "40", "--seed", "1", "--workers", "2", "--phases", "examples,coverage,fuzzing");
  const { code, text } = await run(program, args, { quiet: true, env, cwd: temporaryDirectory() });
  model.stop();
  assert.equal(code, 0, text);
});
