// Conversations as files: out, in, and gone.
import { plural } from "../format";

export const data = {
  name: "Data",
  lead: "Conversations lie on this computer alone. What you export is yours to keep, to read and to bring back.",
  place: "Where it lies",
  placeHint: "One database for conversations, files for settings, servers and permissions. Keys lie in the keychain.",
  show: "Show the folder",
  exporting: "Export",
  exportingHint: "JSON keeps everything and can be imported again. Markdown and HTML are for reading.",
  exportAll: "Export all",
  formats: { json: "JSON", markdown: "Markdown", html: "HTML" },
  format: "Format",
  exportAs: { json: "Export as JSON", markdown: "Export as Markdown", html: "Export as HTML" },
  exported: (count: number, size: string, path: string) =>
    `${plural(count, { one: "# conversation", other: "# conversations" })} (${size}) written to ${path}`,
  importing: "Import",
  importingHint:
    "Exports of Loquat, ChatGPT, Claude, LibreChat and Open WebUI: the JSON file, or the archive as it was sent.",
  choose: "Import conversations",
  path: "Path of the file",
  look: "Look",
  looking: "Reading the file…",
  found: "Conversations in the file",
  summary: (count: number, fresh: number) =>
    `${plural(count, { one: "# conversation", other: "# conversations" })}, ${fresh} of them new.`,
  take: (count: number) => plural(count, { one: "Take over # conversation", other: "Take over # conversations" }),
  all: "All that are new",
  taken: (count: number, messages: number) =>
    `Taken over: ${plural(count, { one: "# conversation", other: "# conversations" })} with ${plural(messages, { one: "# message", other: "# messages" })}.`,
  messages: (count: number) => plural(count, { one: "# message", other: "# messages" }),
  by: { loquat: "Loquat", chatGpt: "ChatGPT", claude: "Claude", libreChat: "LibreChat", openWebUi: "Open WebUI" },
  fates: { new: "new", alreadyThere: "there already", copy: "beside another state of it", empty: "empty" },
  left: "Not in it:",
  images: (count: number) => plural(count, { one: "# image", other: "# images" }),
  files: (count: number) => plural(count, { one: "# file", other: "# files" }),
  elsewhere: (count: number) =>
    plural(count, { one: "# message of another branch", other: "# messages of other branches" }),
  unknown: (count: number) =>
    plural(count, {
      one: "# entry is no conversation that Loquat knows.",
      other: "# entries are no conversations that Loquat knows.",
    }),
  more: (count: number) => plural(count, { one: "and # more", other: "and # more" }),
  deleting: "Delete",
  deletingHint: "Conversations only. Settings, servers, keys and permissions stay.",
  deleteAll: "Delete all conversations",
  deleteTitle: "Delete all conversations?",
  deleteWhat: (count: number) =>
    `${plural(count, { one: "# conversation", other: "# conversations" })} will be deleted for good, also those deleted before. There is no undo.`,
  deleteFirst: "Export everything first if you may want any of it back.",
  deleteWord: "delete",
  deleteType: (word: string) => `Type “${word}” to go on`,
  deleteNow: "Delete for good",
  deleted: "All conversations were deleted.",
  kept: (count: number) =>
    plural(count, {
      one: "# conversation stays: another program is writing it just now.",
      other: "# conversations stay: another program is writing them just now.",
    }),
};
