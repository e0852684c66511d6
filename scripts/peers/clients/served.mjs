// `loq serve` before a model that plays what a test wants.
import { once } from "node:events";
import { loqProgram } from "../../lib/loq.mjs";
import { run, start, temporaryDirectory } from "../../lib/run.mjs";
import { startModel } from "./model.mjs";

/** Serves with a key of its own; `env` tells clients where, by API_URL and API_KEY. */
export async function served(roundsOf) {
  const home = temporaryDirectory();
  const model = await startModel(roundsOf);
  const env = { ...process.env, LOQUAT_HOME: home, OPENAI_API_KEY: "", OPENAI_BASE_URL: "" };
  const { text } = await run(loqProgram(), ["keys", "create", "client", "--json"], { quiet: true, env });
  const provider = ["--base-url", model.url, "--model", "whole", "--provider", "custom"];
  const args = ["serve", "--listen", "127.0.0.1:0", ...provider];
  const api = start(loqProgram(), args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  while (!/http:\/\/\S+\d/.test(said)) said += (await once(api.stderr.setEncoding("utf8"), "data"))[0];
  api.stderr.resume();
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
  Object.assign(env, { API_URL: `${url}/v1`, API_KEY: JSON.parse(text).key, NO_PROXY: "127.0.0.1" });
  return { model, env };
}
