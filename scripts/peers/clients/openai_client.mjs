// The official Node client against an API: every scenario, and all findings as one line of JSON.
// Where the client lies is said by OPENAI_LIBRARY: it is no dependency of this project.
import { pathToFileURL } from "node:url";

const { default: OpenAI, APIError } = await import(pathToFileURL(process.env.OPENAI_LIBRARY).href);
const options = { baseURL: process.env.API_URL, maxRetries: 0, timeout: 60_000 };
const client = new OpenAI({ ...options, apiKey: process.env.API_KEY });
const messages = [
  { role: "system", content: "You help." },
  { role: "user", content: "Who is CUST-001?" },
];
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Tells the weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const ask = (model, more = {}) => client.chat.completions.create({ model, messages, ...more });

const scenarios = {
  async whole(model) {
    const { choices, usage } = await ask(model);
    return { text: choices[0].message.content, total: usage.total_tokens, finish: choices[0].finish_reason };
  },
  async streamed(model) {
    const found = { text: "", succeeded: 0, finish: null, total: null };
    for await (const chunk of await ask(model, { stream: true, stream_options: { include_usage: true } })) {
      found.total = chunk.usage?.total_tokens ?? found.total;
      if (chunk.loquat?.call.state === "succeeded") found.succeeded += 1;
      for (const choice of chunk.choices) {
        found.text += choice.delta.content ?? "";
        found.finish = choice.finish_reason ?? found.finish;
      }
    }
    return found;
  },
  async own_tools(model) {
    const said = [{ role: "user", content: "Weather in Trier?" }];
    const first = await ask(model, { messages: said, tools: [weather] });
    const [call] = first.choices[0].message.tool_calls;
    said.push(first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "rain, 12 degrees" });
    const second = await ask(model, { messages: said, tools: [weather] });
    return {
      finish: first.choices[0].finish_reason,
      calls: first.choices[0].message.tool_calls.length,
      name: call.function.name,
      city: JSON.parse(call.function.arguments).city,
      text: second.choices[0].message.content,
    };
  },
  async errors(model) {
    const stranger = new OpenAI({ ...options, apiKey: "lq-wrong" });
    const attempts = [
      () => stranger.models.list(),
      () => ask(model, { n: 3 }),
      () => ask(model, { session_id: "nobody-s" }),
      () => ask(model),
    ];
    const found = [];
    for (const attempt of attempts) {
      await attempt().catch((error) => {
        if (!(error instanceof APIError)) throw error;
        found.push([error.constructor.name, error.status, error.code]);
      });
    }
    return found;
  },
  async cancelled(model) {
    const stream = await ask(model, { stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    stream.controller.abort();
    return { stopped: true };
  },
  async responses(model) {
    const answer = await client.responses.create({ model, input: "Who is CUST-001?" });
    const again = { model, input: "Again?", previous_response_id: answer.id, stream: true };
    let [text, last] = ["", undefined];
    for await (const event of await client.responses.create(again)) {
      last = event.type;
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    return { text: answer.output_text, items: answer.output.map((item) => item.type), streamed: text, last };
  },
  async side_by_side(model) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(model)));
    return { answered: answers.filter((answer) => answer.choices[0].finish_reason === "stop").length };
  },
  async others(model) {
    const { data } = await client.embeddings.create({ model, input: "words", encoding_format: "float" });
    const { data: models } = await client.models.list();
    return { vector: data[0].embedding, model: models.some((model) => model.id === "custom/scripted") };
  },
};

const found = {};
for (const [name, scenario] of Object.entries(scenarios)) found[name] = await scenario(`node-${name}`);
process.stdout.write(JSON.stringify(found));
