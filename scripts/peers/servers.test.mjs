// Servers by others, as they are: each connects, lists its tools and answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withServers } from "../lib/loq.mjs";
import { peer } from "../lib/peers.mjs";
import { endAll, run } from "../lib/run.mjs";

after(endAll);

const stdio = async (name, ...args) => {
  const [command, ...first] = await peer(name);
  return { command, args: [...first, ...args] };
};

/** Calls one tool of one server and gives back its first text. */
async function called(server, tool, args) {
  return withServers({ peer: server }, async (loq) => {
    const { code, json, text } = await loq("call", "peer", tool, JSON.stringify(args), "--json");
    assert.equal(code, 0, text);
    assert.equal(json.status, "succeeded", text);
    return json.content[0].text;
  });
}

test("server-everything echoes over stdio", async () => {
  const text = await called(await stdio("server-everything", "stdio"), "echo", { message: "hello" });
  assert.match(text, /hello/);
});

test("server-filesystem reads a file", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "loquat-files-")));
  try {
    writeFileSync(join(folder, "a.txt"), "the words in it");
    const path = join(folder, "a.txt");
    assert.match(await called(await stdio("server-filesystem", folder), "read_text_file", { path }), /the words in it/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("server-memory answers", async () => {
  assert.match(await called(await stdio("server-memory"), "read_graph", {}), /entities/);
});

test("mcp-server-time tells the time", async () => {
  const text = await called(await stdio("mcp-server-time"), "get_current_time", { timezone: "UTC" });
  assert.match(text, /UTC/);
});

test("mcp-server-git tells what was done in a repository", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "loquat-git-")));
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  try {
    for (const args of [["init"], [...who, "commit", "--allow-empty", "-m", "A first step"]]) {
      const { code, text } = await run("git", args, { cwd: folder, quiet: true });
      assert.equal(code, 0, text);
    }
    const server = await stdio("mcp-server-git", "--repository", folder);
    assert.match(await called(server, "git_log", { repo_path: folder }), /A first step/);
    assert.match(await called(server, "git_status", { repo_path: folder }), /nothing to commit/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("mcp-server-fetch reads a page", async () => {
  const page = "<html><body><article><h1>Words</h1><p>These are the words of a page.</p></article></body></html>";
  const site = createServer((request, response) => {
    const found = request.url === "/page";
    response.writeHead(found ? 200 : 404, { "content-type": "text/html" }).end(found ? page : "");
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  try {
    const url = `http://127.0.0.1:${site.address().port}/page`;
    assert.match(
      await called(await stdio("mcp-server-fetch", "--allow-private-ips"), "fetch", { url }),
      /These are the words/,
    );
  } finally {
    site.closeAllConnections();
    site.close();
  }
});

test("a server written with FastMCP answers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loquat-fastmcp-"));
  const script = join(folder, "server.py");
  const lines = ["from fastmcp import FastMCP", "mcp = FastMCP('peer')", "", "@mcp.tool"];
  writeFileSync(
    script,
    [...lines, "def add(a: int, b: int) -> int:", "    return a + b", "", "mcp.run()", ""].join("\n"),
  );
  try {
    assert.equal(await called(await stdio("fastmcp", script), "add", { a: 2, b: 3 }), "5");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
