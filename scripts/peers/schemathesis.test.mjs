// Loquat's API under Schemathesis, which makes up requests from the description of the API: right ones and wrong ones.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { peer } from "../lib/peers.mjs";
import { endAll, run, temporaryDirectory } from "../lib/run.mjs";
import { served } from "./clients/served.mjs";

after(endAll);

/** What an answer must be, whatever is asked. */
const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "unsupported_method",
  "ignored_auth",
];

test("the API does what its description says, whatever is sent", async () => {
  const { model, env } = await served(() => [{ say: ["Yes."] }]);
  const [program] = await peer("schemathesis");
  const address = env.API_URL.replace(/\/v1$/, "/openapi.json");
  // The same requests each time; SCHEMATHESIS_EXAMPLES makes it more of them.
  const examples = env.SCHEMATHESIS_EXAMPLES ?? "40";
  const amount = ["--seed", "1", "--max-examples", examples, "--generation-database", "none"];
  const key = ["--header", `Authorization: Bearer ${env.API_KEY}`];
  const asked = await run(program, ["run", address, "--checks", checks.join(","), ...amount, ...key, "--no-color"], {
    quiet: true,
    env,
    cwd: temporaryDirectory(),
  });
  assert.equal(asked.code, 0, asked.text);
  model.stop();
});
