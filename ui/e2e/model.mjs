// A provider on loopback that says what a test wants, and waits where a test says so.
import { createServer } from "node:http";
import { listening } from "../../scripts/lib/port.mjs";

/**
 * `rounds`: for each request a function that is given `(say, wait)`. With `studio` it also has LM Studio's own list of
 * models; with `key` it answers nobody who comes with another one.
 */
export async function startModel(rounds, { studio, key } = {}) {
  const requests = [];
  const gates = [];
  const waiting = () =>
    new Promise((open) => {
      gates.push(open);
    });
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    if (request.url.startsWith("/api/")) {
      response.writeHead(studio ? 200 : 404).end(JSON.stringify({ models: studio ?? [] }));
      return;
    }
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
      const error = { message: "Incorrect API key provided.", type: "invalid_request_error", code: "invalid_api_key" };
      response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ error }));
      return;
    }
    if (request.url.endsWith("/models")) {
      response.end(JSON.stringify({ object: "list", data: [{ id: "scripted", object: "model" }] }));
      return;
    }
    const asked = JSON.parse(body);
    // A title is asked for beside everything else; it is no part of what a test wrote down.
    const names = asked.messages?.[0]?.content?.startsWith?.("You name conversations");
    const { authorization, "openai-organization": organisation } = request.headers;
    if (!names) requests.push({ body: asked, authorization, organisation });
    const begin = () => response.headersSent || response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta, finish_reason = null) => {
      begin();
      response.write(`data: ${JSON.stringify({ id: "x", choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    };
    const refuse = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const round = names ? saying("A title by the model") : rounds[requests.length - 1];
    await round({ say: (content) => send({ content }), send, refuse, wait: waiting });
    if (!response.writableEnded) response.end("data: [DONE]\n\n");
  });
  await listening(server);
  const url = `http://127.0.0.1:${server.address().port}/v1`;
  return {
    url,
    requests,
    settings: { model: { provider: "custom", model: "scripted" }, customBaseUrl: url },
    release: () => gates.splice(0).forEach((open) => open()),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A round that says something. */
export const saying =
  (...pieces) =>
  ({ say, send }) => {
    pieces.forEach((piece) => say(piece));
    send({}, "stop");
  };

/** A request that is refused. */
export const refusing =
  (status, body) =>
  ({ refuse }) =>
    refuse(status, body);

/** A round that calls tools: `[name, arguments]` each. */
export const calling =
  (...calls) =>
  ({ send }) => {
    calls.forEach(([name, values], index) =>
      send({ tool_calls: [{ index, id: `call-${index}`, type: "function", function: { name, arguments: JSON.stringify(values) } }] }),
    );
    send({}, "tool_calls");
  };
