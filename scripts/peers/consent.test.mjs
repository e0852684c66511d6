// Whoever sits at the terminal is asked before a program first runs, also where they named its file themselves.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { withServers } from "../lib/loq.mjs";
import { peer } from "../lib/peers.mjs";
import { endAll } from "../lib/run.mjs";

after(endAll);

const call = ["call", "peer", "echo", '{"message":"hello"}'];
const asked = "Let it run? [y/N]";

async function withEverything(body) {
  const [command, ...args] = await peer("server-everything");
  return withServers({ peer: { command, args: [...args, "stdio"] } }, body);
}

test("a program of a file that is named runs at a terminal once somebody has agreed", async () => {
  await withEverything(async (loq) => {
    const refused = await loq.answering([[asked, "n"]], ...call);
    assert.equal(refused.code, 4, refused.text);
    assert.match(refused.text, /server-everything\S* stdio/);
    assert.match(refused.text, /It does not run\. To agree: loq servers --servers '.*' --allow peer, or --yes/);
    assert.doesNotMatch(refused.text, /Echo/);
    const agreed = await loq.answering([[asked, "y"]], ...call);
    assert.equal(agreed.code, 0, agreed.text);
    assert.match(agreed.text, /Echo: hello/);
    // What was agreed to is known from then on, by its whole command line.
    const again = await loq.answering([], ...call);
    assert.equal(again.code, 0, again.text);
    assert.ok(!again.text.includes(asked), again.text);
    const kept = readFileSync(join(loq.home, "consents.json"), "utf8");
    assert.match(kept, /"[0-9a-f]{64}"/);
  });
});

test("with --yes, and where nobody sits at the terminal, naming the file is enough", async () => {
  await withEverything(async (loq) => {
    for (const { code, text } of [await loq.answering([], ...call, "--yes"), await loq(...call)]) {
      assert.equal(code, 0, text);
      assert.match(text, /Echo: hello/);
      assert.ok(!text.includes(asked), text);
    }
  });
});
