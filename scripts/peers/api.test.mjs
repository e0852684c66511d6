// Loquat's API under the official clients of OpenAI.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { node, peer } from "../lib/peers.mjs";
import { endAll, run } from "../lib/run.mjs";
import { served } from "./clients/served.mjs";

const clients = join(dirname(fileURLToPath(import.meta.url)), "clients");
const customer = ["customer__lookup_customer", { customer_id: "CUST-001" }];
const tickets = ["ticket__search_tickets", { priority: "critical" }];
const saying = (...say) => ({ say });
const both = {
  say: ["Looking. "],
  calls: [customer, tickets],
};

/** What is played, and what a client must find: the same for each. */
const scenarios = {
  whole: {
    rounds: [both, { calls: [customer] }, saying("Tech", "Corp.")],
    finds: { text: "Looking. \n\nTechCorp.", total: 54, finish: "stop" },
  },
  streamed: {
    rounds: [both, { calls: [customer] }, saying("Tech", "Corp.")],
    finds: { text: "Looking. \n\nTechCorp.", succeeded: 3, finish: "stop", total: 54 },
  },
  own_tools: {
    rounds: [{ calls: [customer, ["get_weather", { city: "Trier" }]] }, saying("It rains.")],
    finds: { finish: "tool_calls", calls: 1, name: "get_weather", city: "Trier", text: "It rains." },
  },
  errors: {
    rounds: [{ status: 401, code: "invalid_api_key" }],
    finds: [
      ["AuthenticationError", 401, "invalid_api_key"],
      ["BadRequestError", 400, "invalid_value"],
      ["NotFoundError", 404, "session_not_found"],
      ["InternalServerError", 502, "provider_key_rejected"],
    ],
  },
  cancelled: { rounds: [{ say: ["Once upon"], holds: true }], finds: { stopped: true }, left: true },
  responses: {
    rounds: [{ calls: [customer] }, saying("TechCorp."), saying("Still TechCorp.")],
    finds: {
      text: "TechCorp.",
      items: ["mcp_call", "message"],
      streamed: "Still TechCorp.",
      last: "response.completed",
    },
  },
  side_by_side: { rounds: [saying("Yes.")], finds: { answered: 8 } },
  others: { rounds: [saying("")], finds: { vector: [0.25, -0.5], model: true } },
};

let model;
let env;

before(async () => ({ model, env } = await served((name) => scenarios[name.split("-").at(-1)].rounds)));

after(async () => {
  model.stop();
  await endAll();
});

async function python() {
  const [program] = await peer("openai-python");
  return run(program, [join(clients, "openai_client.py")], { quiet: true, env });
}

async function javascript() {
  const [, main] = await peer("openai-node");
  const library = { OPENAI_LIBRARY: join(dirname(main), "index.mjs") };
  return run(await node(), [join(clients, "openai_client.mjs")], { quiet: true, env: { ...env, ...library } });
}

for (const [client, ask] of Object.entries({ python, node: javascript })) {
  test(`OpenAI's client for ${client}`, async (t) => {
    const { code, text } = await ask();
    assert.equal(code, 0, text);
    const found = JSON.parse(text.trim().split("\n").at(-1));
    for (const [name, { finds, left }] of Object.entries(scenarios)) {
      await t.test(name, async () => {
        assert.deepEqual(found[name], finds);
        if (left) await model.wasLeft(`${client}-${name}`);
      });
    }
    assert.equal(Object.keys(found).length, Object.keys(scenarios).length, "nothing is left out");
  });
}
