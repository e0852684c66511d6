// A provider on loopback that plays, for each model that is asked for, what a test wants of it.
import { once } from "node:events";
import { createServer } from "node:http";

const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

/** `roundsOf(model)`: its answers in their order; after the last one the last is given again. */
export async function startModel(roundsOf) {
  const requests = [];
  const left = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    if (request.url.endsWith("/models")) return json(response, 200, { data: [{ id: "scripted", object: "model" }] });
    if (request.url.endsWith("/embeddings")) {
      const data = [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }];
      return json(response, 200, { object: "list", data, model: "m", usage: { prompt_tokens: 1, total_tokens: 1 } });
    }
    const { model, stream } = JSON.parse(body);
    const rounds = roundsOf(model);
    const before = requests.filter((each) => each === model).length;
    const round = rounds[Math.min(before, rounds.length - 1)];
    requests.push(model);
    response.once("close", () => response.writableFinished || left.push(model));
    if (round.status) return json(response, round.status, { error: { message: "no", code: round.code } });
    const calls = (round.calls ?? []).map(([name, values], index) => ({
      index,
      id: `call-${index}`,
      type: "function",
      function: { name, arguments: JSON.stringify(values) },
    }));
    const reason = calls.length > 0 ? "tool_calls" : "stop";
    if (!stream) {
      if (round.holds) return undefined;
      const message = { role: "assistant", content: (round.say ?? []).join(""), tool_calls: calls };
      const choices = [{ index: 0, message, finish_reason: reason }];
      return json(response, 200, { id: "x", object: "chat.completion", choices, usage: USAGE });
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta, finish_reason = null, more = {}) => {
      const choices = [{ index: 0, delta, finish_reason }];
      response.write(`data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", choices, ...more })}\n\n`);
    };
    for (const piece of round.say ?? []) send({ content: piece });
    if (round.holds) return undefined;
    if (calls.length > 0) send({ tool_calls: calls });
    send({}, reason, { usage: USAGE });
    response.end("data: [DONE]\n\n");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    /** The models that were asked, in their order. */
    requests,
    /** Until somebody left before the end of an answer of that model. */
    async wasLeft(model) {
      while (!left.includes(model)) await new Promise((look) => setImmediate(look));
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function json(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
