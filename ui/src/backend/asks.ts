// What the scripted twin's server asks, by the words of the question.
import type { Ask, Field } from "../bindings";

const field = (name: string, kind: Field["kind"], more: Partial<Field> = {}): Field => ({
  name,
  title: name,
  description: "",
  required: false,
  secret: false,
  kind,
  ...more,
});

const COLOURS = [
  { value: "red", title: "Red" },
  { value: "green", title: "Green" },
  { value: "blue", title: "Blue" },
];

export const ASKS: Record<string, Ask> = {
  "ask me": {
    kind: "form",
    message: "Please tell me about yourself.",
    schema: {},
    fields: [
      field("name", { type: "text", min: 2 }, { title: "Your name", required: true }),
      field("email", { type: "text", format: "email" }, { title: "E-mail", description: "For the receipt." }),
      field("born", { type: "text", format: "date" }, { title: "Born" }),
      field("guests", { type: "number", integer: true, min: 1, max: 8, default: 2 }, { title: "Guests" }),
      field("vegetarian", { type: "switch" }, { title: "Vegetarian" }),
      field("colour", { type: "choice", options: COLOURS, default: "green" }, { title: "Colour" }),
      field("more", { type: "choices", options: COLOURS, max: 2, default: ["red"] }, { title: "More colours" }),
      field("password", { type: "text" }, { title: "Password", secret: true }),
    ],
  },
  "send me": {
    kind: "url",
    message: "The invoice must be paid first.",
    url: "https://pay.example.com/now?id=7",
    host: "pay.example.com",
  },
  "rights me": {
    kind: "signIn",
    tool: "share_file",
    account: "work",
    more: ["files:share", "people:read"],
    rights: ["files:read"],
  },
  "sample me": {
    kind: "sampling",
    request: {
      messages: [
        { role: "user", parts: [{ type: "content", content: { type: "text", text: "Write a haiku about tickets." } }] },
      ],
      systemPrompt: "You are a poet.",
      tools: [],
      maxTokens: 200,
      temperature: 0.7,
      stop: [],
      modelHints: ["claude", "gpt"],
      priorities: { speed: 0.8, cost: 0.4 },
    },
  },
};
