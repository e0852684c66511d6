// Loquat's API under a program that people use at the terminal.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { peer } from "../lib/peers.mjs";
import { endAll, run, temporaryDirectory } from "../lib/run.mjs";
import { served } from "./clients/served.mjs";

after(endAll);

const rounds = [
  { calls: [["customer__lookup_customer", { customer_id: "CUST-001" }]] },
  { say: ["Tech", "Corp Industries."] },
];

test("llm, a program for the terminal, answers with Loquat's tools behind it", async () => {
  const { model, env } = await served(() => rounds);
  const place = temporaryDirectory();
  const entry = ["- model_id: loquat", "  model_name: terminal", `  api_base: "${env.API_URL}"`];
  writeFileSync(join(place, "extra-openai-models.yaml"), [...entry, "  api_key_name: loquat", ""].join("\n"));
  writeFileSync(join(place, "keys.json"), JSON.stringify({ loquat: env.API_KEY }));
  const [program] = await peer("llm");
  const asked = await run(program, ["-m", "loquat", "Who is CUST-001?"], {
    quiet: true,
    env: { ...env, LLM_USER_PATH: place },
  });
  assert.equal(asked.code, 0, asked.text);
  assert.match(asked.text, /TechCorp Industries\./);
  assert.deepEqual(model.requests, ["terminal", "terminal"], "the tool ran in between");
  model.stop();
});
