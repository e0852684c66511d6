// Lists of which one entry changed.
import type { ServerView } from "../bindings";

/** The lines that a server wrote since it was last told of; some may have come with the whole of it already. */
export function withLines(server: ServerView, { lines, logged }: { lines: string[]; logged: number }): ServerView {
  const fresh = Math.min(lines.length, logged - (server.logged ?? 0));
  return fresh > 0 ? { ...server, log: [...server.log, ...lines.slice(-fresh)].slice(-200), logged } : server;
}

export function upsert<T>(list: T[], item: T, key: (item: T) => string): T[] {
  const index = list.findIndex((each) => key(each) === key(item));
  return index < 0 ? [...list, item] : list.with(index, item);
}
