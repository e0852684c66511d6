// What the scripted twin says to its model: requests and answers in the right shapes.
import type { ModelExchange, Turn } from "../bindings";

export function exchangesOf(turn: Turn | undefined): ModelExchange[] {
  if (!turn) return [];
  const at = turn.startedAt;
  const question = turn.items.find((item) => item.type === "message");
  const messages = [{ role: "user", content: question?.type === "message" ? question.text : "" }];
  const calls = turn.items.filter((item) => item.type === "toolCall");
  const called = calls.map((call, index) => ({ index, id: call.wireId, function: { name: call.called } }));
  const rounds = calls.length > 0 ? [{ tool_calls: called }, { content: "…" }] : [{ content: "…" }];
  const end = turn.endedAt ?? at + 900;
  return rounds.map((delta, index): ModelExchange => {
    const start = index === 0 ? at : Math.max(at, end - 700);
    const request = JSON.stringify({ model: turn.model.model, messages, stream: true });
    const response = `data: ${JSON.stringify({ choices: [{ delta }] })}\n\ndata: [DONE]\n\n`;
    return {
      turn: turn.id,
      round: index + 1,
      provider: turn.model.provider,
      url: "http://localhost:1234/v1/chat/completions",
      request,
      requestBytes: request.length,
      response,
      responseBytes: response.length,
      status: 200,
      at: start,
      headAt: start + 30,
      firstAt: start + 180,
      endedAt: start + 420,
      usage: { input: 602, output: 48, cached: 0 },
    };
  });
}
