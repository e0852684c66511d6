// The twin's files: an export that is never written, and one that another program left.
import type { Commands, ConversationsPreview, ModelFigures } from "../bindings";

const NONE = { images: 0, files: 0, elsewhere: 0 };

const FOUND: ConversationsPreview = {
  path: "/home/you/Downloads/chatgpt.zip",
  unknown: 1,
  found: [
    found(0, "Plan a week in Lisbon", 24, { ...NONE, images: 3 }),
    found(1, "Regex for German postcodes", 8, NONE),
    found(2, "Why is the sky blue?", 2, { ...NONE, elsewhere: 4 }),
    { ...found(3, "Critical tickets and their customers", 6, NONE), fate: "alreadyThere" },
  ],
};

function found(at: number, title: string, messages: number, left: typeof NONE): ConversationsPreview["found"][number] {
  return { at, by: "chatGpt", title, updatedAt: 1_750_000_000_000 + at * 86_400_000, messages, left, fate: "new" };
}

const FIGURES: ModelFigures[] = [
  {
    month: "2026-11",
    model: { provider: "lmstudio", model: "qwen3-14b" },
    turns: 41,
    usage: { input: 96_210, cached: 320, output: 11_820 },
  },
  {
    month: "2026-10",
    model: { provider: "openai", model: "gpt-5-mini" },
    turns: 12,
    usage: { input: 41_000, cached: 20_000, output: 5_300 },
  },
];

type Files = {
  [
    Name in
      | "export_conversations"
      | "choose_conversations_file"
      | "look_at_conversations"
      | "import_conversations"
      | "figures"
      | "show_home"
  ]: (request: Commands[Name][0]) => Commands[Name][1];
};

export const FILES: Files = {
  export_conversations: ({ conversations, format }) => ({
    path: `/home/you/Documents/conversations.${format === "markdown" ? "md" : format}`,
    conversations: conversations?.length ?? 7,
    bytes: 48_213,
  }),
  choose_conversations_file: () => FOUND.path,
  look_at_conversations: (path) => ({ ...FOUND, path }),
  import_conversations: ({ chosen }) => ({ conversations: chosen?.length ?? 3, messages: 34, left: NONE }),
  figures: ({ conversation }) => (conversation ? FIGURES.slice(0, 1) : FIGURES),
  show_home: () => null,
};
