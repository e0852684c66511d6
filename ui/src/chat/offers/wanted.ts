// What a person is about to name in the message: a prompt after `/`, a resource after `@`.
import type { Blank, Prompt, Resource, ResourceTemplate } from "../../bindings";

export type Kind = "prompts" | "resources";

export interface Wanted {
  kind: Kind;
  /** What was typed of its name. */
  begun: string;
  /** Where in the text it stands. */
  from: number;
  to: number;
}

/** A slash means a prompt only where the message begins with it; otherwise it is a slash. */
export function wantedIn(text: string, caret: number): Wanted | undefined {
  const before = text.slice(0, caret);
  const prompt = /^\/(\S*)$/.exec(before);
  if (prompt) return { kind: "prompts", begun: prompt[1] ?? "", from: 0, to: caret };
  const resource = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (!resource) return undefined;
  const begun = resource[1] ?? "";
  return { kind: "resources", begun, from: caret - begun.length - 1, to: caret };
}

/** The text and its caret once a person has asked by a click for what a sign brings up. */
export function begun(kind: Kind, text: string, caret: number): { text: string; caret: number } {
  if (kind === "prompts") return { text: `/${text.replace(/^\/\S*/, "")}`, caret: 1 };
  const before = text.slice(0, caret);
  const gap = /\S$/.test(before) ? " " : "";
  return { text: `${before}${gap}@${text.slice(caret)}`, caret: before.length + gap.length + 1 };
}

export type Offered =
  | { of: "prompt"; key: string; name: string; about: string; server: string; prompt: Prompt }
  | { of: "resource"; key: string; name: string; about: string; server: string; resource: Resource }
  | { of: "template"; key: string; name: string; about: string; server: string; template: ResourceTemplate };

export function offeredPrompts(prompts: Prompt[]): Offered[] {
  return prompts.map((prompt) => ({
    of: "prompt",
    key: `${prompt.server}/${prompt.name}`,
    name: prompt.name,
    about: [prompt.title, prompt.description].filter(Boolean).join(" – "),
    server: prompt.server,
    prompt,
  }));
}

export function offeredResources(resources: Resource[], templates: ResourceTemplate[]): Offered[] {
  const plain = resources.map((resource): Offered => {
    const { server, uri, name, title, description } = resource;
    return {
      of: "resource",
      key: `${server}/${uri}`,
      name: title || name,
      about: description || uri,
      server,
      resource,
    };
  });
  const patterns = templates.map((template): Offered => {
    const { server, uriTemplate, name, title } = template;
    return {
      of: "template",
      key: `${server}/${uriTemplate}`,
      name: title || name,
      about: uriTemplate,
      server,
      template,
    };
  });
  return [...plain, ...patterns];
}

/** Those that fit what was typed; names that begin with it come first. */
export function fitting(all: Offered[], begun: string, most: number): Offered[] {
  const wanted = begun.toLowerCase();
  const rank = ({ name, about, server }: Offered) => {
    const lower = name.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    if (lower.includes(wanted)) return 1;
    return `${server} ${about}`.toLowerCase().includes(wanted) ? 2 : 3;
  };
  return all
    .map((each) => ({ each, rank: rank(each) }))
    .filter(({ rank }) => rank < 3)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, most)
    .map(({ each }) => each);
}

/** The blanks of a prompt or a pattern, as they are asked for and completed. */
export interface Hole {
  name: string;
  title: string;
  about: string;
  required: boolean;
  blank: Blank;
}

export function holesOf(offered: Offered): Hole[] {
  if (offered.of === "prompt") {
    return offered.prompt.arguments.map(({ name, title, description, required }) => ({
      name,
      title: title || name,
      about: description,
      required,
      blank: { of: "prompt", name: offered.prompt.name, argument: name },
    }));
  }
  if (offered.of === "resource") return [];
  const { uriTemplate, variables } = offered.template;
  return variables.map((name) => ({
    name,
    title: name,
    about: "",
    required: true,
    blank: { of: "template", uriTemplate, variable: name },
  }));
}
