// What the twin's servers offer besides tools.
import type { Commands, LogLine, Prompt, Resource, ResourceList } from "../bindings";

const PROMPTS: Prompt[] = [
  {
    server: "ticket",
    name: "summarise_ticket",
    title: "Summarise a ticket",
    description: "For somebody who has one minute.",
    arguments: [
      { name: "ticket_id", title: "Ticket", description: "Such as TKT-003.", required: true },
      { name: "tone", description: "How it shall sound.", required: false },
    ],
  },
  { server: "knowledge", name: "daily_tip", description: "One article a day.", arguments: [] },
];

const resource = (name: string, uri: string, description: string): Resource => ({
  server: "knowledge",
  uri,
  name,
  description,
  mimeType: "text/markdown",
  size: 1840,
});

const RESOURCES: ResourceList = {
  resources: [
    resource("Handbook", "kb://handbook", "How we answer."),
    resource("Escalation", "kb://escalation", "Whom to wake."),
    ...Array.from({ length: 40 }, (_, index) => resource(`Article ${index + 1}`, `kb://articles/${index + 1}`, "")),
  ],
  templates: [
    {
      server: "knowledge",
      uriTemplate: "kb://articles/{id}",
      name: "Article by number",
      description: "",
      variables: ["id"],
    },
  ],
};

const line = (at: number, level: LogLine["level"], text: string): LogLine => ({ at, level, text });

const of = <T extends { server: string }>(all: T[], server: string | undefined) =>
  all.filter((each) => server === undefined || each.server === server);

type Request<Name extends keyof Commands> = Commands[Name][0];

export const OFFERS = {
  list_prompts: ({ server }: Request<"list_prompts">) => of(PROMPTS, server),
  fill_prompt: ({ name, arguments: values }: Request<"fill_prompt">) => {
    const text = name === "daily_tip" ? "Tell me something new." : `Summarise ${values.ticket_id} for me.`;
    return {
      description: "",
      messages: [{ role: "user" as const, content: [{ type: "text" as const, text }] }],
      text,
    };
  },
  list_resources: ({ server }: Request<"list_resources">) => ({
    resources: of(RESOURCES.resources, server),
    templates: of(RESOURCES.templates, server),
  }),
  read_resource: ({ uri }: Request<"read_resource">) => {
    const text = `# ${uri}\n\nWhat stands in it.`;
    return { content: [{ type: "resource" as const, uri, text, mimeType: "text/markdown" }], text };
  },
  subscribe_resource: () => null,
  unsubscribe_resource: () => null,
  complete: ({ begun }: Request<"complete">) => ({
    values: ["TKT-003", "TKT-011", "TKT-014"].filter((each) => each.startsWith(begun)),
    more: false,
  }),
  set_server_log_level: () => null,
  server_log: ({ least }: Request<"server_log">): LogLine[] => {
    const at = Math.floor(Date.now() / 60_000) * 60_000;
    const all = [line(at, "debug", "listing tickets"), line(at + 400, "error", "disk almost full")];
    return least === "debug" ? all : all.slice(1);
  },
};
