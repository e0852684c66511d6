// The palette: everything by name, everything said by its words.
import { plural } from "../format";

export const palette = {
  title: "Palette",
  short: "Search",
  placeholder: "Search everything, or type what to do",
  results: "Results",
  conversations: "Conversations",
  actions: "Actions",
  servers: "Servers",
  tools: "Tools",
  said: "In conversations",
  kinds: { asked: "You", answered: "Loquat", called: "Tool", serverAsked: "Server" },
  searching: "Searching…",
  none: (text: string) => (text ? `Nothing fits “${text}”.` : "Nothing here yet."),
  count: (count: number) => plural(count, { one: "# result", other: "# results" }),
  behind: "Older conversations are still being made ready for searching: there may be more.",
  hint: "↑ ↓ to choose, Enter to open. “In quotes” finds words as they stand, -word leaves out.",
  shortcuts: "Shortcuts",
  settings: (panel: string) => `Settings: ${panel}`,
  theme: (theme: string) => `Theme: ${theme}`,
  addServer: "Add server",
  ofThis: (action: string) => `This conversation: ${action}`,
  rename: "Rename this conversation",
  remove: "Delete this conversation",
};
