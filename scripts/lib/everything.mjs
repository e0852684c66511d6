// The protocol's own demonstration server, and how to reach it over each of its three transports.
import { once } from "node:events";
import { peer } from "./peers.mjs";
import { start } from "./run.mjs";
import { freePort } from "./port.mjs";

/** By the name of the transport: what a client's list of servers says of it, once it can be reached. */
export const transports = {
  stdio: () => stdio(),
  "streamable HTTP": () => onWeb("streamableHttp", "/mcp"),
  SSE: () => onWeb("sse", "/sse"),
};

async function stdio() {
  const [command, ...args] = await peer("server-everything");
  return { command, args: [...args, "stdio"] };
}

async function onWeb(kind, path) {
  const [command, ...args] = await peer("server-everything");
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  const server = start(command, [...args, kind], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  while (!said.includes(`port ${port}`)) await Promise.race([once(server.stdout, "data"), once(server.stderr, "data")]);
  return { type: kind === "sse" ? "sse" : "http", url: `http://127.0.0.1:${port}${path}` };
}
