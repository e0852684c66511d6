// What the palette offers: actions, conversations, servers, tools, and what was said.
import type { SearchHit } from "../bindings";
import { format, say } from "../i18n";
import { Command, MessageText, Search, Server, Wrench } from "../icons";
import type { App } from "../state/app.svelte";
import { best } from "./fits";

export interface Entry {
  id: string;
  name: string;
  /** Beside the name: keys, a server, a time. */
  aside?: string;
  keys?: string;
  icon: typeof Command;
  hit?: SearchHit;
  run: () => unknown;
}

export interface Group {
  name: string;
  entries: Entry[];
}

/** Something that the window can do. */
export type Action = Pick<Entry, "id" | "name" | "keys" | "run"> & { icon?: typeof Command };

const MOST = 6;
const MOST_TOOLS = 12;

export function groupsOf(app: App, actions: readonly Action[], typed: string): Group[] {
  const wanted = typed.trim();
  const groups: Group[] = [
    { name: say.palette.conversations, entries: conversations(app, wanted) },
    { name: say.palette.actions, entries: best(actions.map(asEntry), (each) => each.name, wanted, wanted ? MOST : 40) },
  ];
  if (wanted) {
    groups.push(
      { name: say.palette.servers, entries: servers(app, wanted) },
      { name: say.palette.tools, entries: tools(app, wanted) },
      { name: say.palette.said, entries: app.finder.found.hits.map((hit) => said(app, hit)) },
    );
  }
  return groups.filter((group) => group.entries.length > 0);
}

function asEntry(action: Action): Entry {
  return { icon: Command, ...action };
}

function conversations(app: App, wanted: string): Entry[] {
  return best(app.conversations, (each) => each.title, wanted, MOST).map((each) => ({
    id: `conversation-${each.id}`,
    name: each.title || say.window.untitled,
    aside: format.clock(each.updatedAt),
    icon: MessageText,
    run: () => app.open(each.id),
  }));
}

function servers(app: App, wanted: string): Entry[] {
  return best(app.servers, (each) => each.name, wanted, MOST).map((each) => ({
    id: `server-${each.name}`,
    name: each.name,
    aside: each.address,
    icon: Server,
    run: () => showServer(app, each.name),
  }));
}

function tools(app: App, wanted: string): Entry[] {
  const all = app.servers.flatMap((server) => server.tools);
  return best(all, (each) => `${each.server} ${each.name} ${each.title ?? ""}`, wanted, MOST_TOOLS).map((each) => ({
    id: `tool-${each.server}-${each.name}`,
    name: each.name,
    aside: each.server,
    icon: Wrench,
    run: () => showServer(app, each.server),
  }));
}

function showServer(app: App, name: string): void {
  app.panel = "servers";
  app.serverPage = { name };
}

function said(app: App, hit: SearchHit): Entry {
  return {
    id: `hit-${hit.turn}-${hit.item}`,
    name: hit.title || say.window.untitled,
    aside: `${say.palette.kinds[hit.kind]} · ${format.clock(hit.at)}`,
    icon: Search,
    hit,
    run: () => app.goTo(hit),
  };
}
