// What the window can do, by name. What a key does is named as in the list of shortcuts.
import { say } from "../i18n";
import type { Words } from "../i18n/en";
import { exportConversation, FORMATS } from "../exporting";
import { CircleHelp, Copy, Download, Palette, Pencil, Pin, PinOff, Plus, Settings, Trash } from "../icons";
import type { ConversationSummary } from "../bindings";
import type { App } from "../state/app.svelte";
import { SHORTCUTS, type ShortcutId } from "../state/shortcuts";
import type { Action } from "./entries";

export interface Place {
  id: string;
  name: (words: Words) => string;
}

const LISTED: readonly ShortcutId[] = [
  "newChat",
  "message",
  "sidebar",
  "inspector",
  "keyboard",
  "larger",
  "smaller",
  "normal",
];
const THEMES = ["system", "light", "dark", "contrast"] as const;

export function actionsOf(app: App, panels: readonly Place[], press: (id: ShortcutId) => unknown): Action[] {
  const listed = app.conversation?.running ? [...LISTED, "stop" as const] : LISTED;
  const keyed = SHORTCUTS.filter(({ id }) => listed.includes(id)).map(({ id, keys }) => ({
    id: `key-${id}`,
    name: say.keyboard.what[id],
    keys,
    icon: id === "newChat" ? Plus : id === "keyboard" ? CircleHelp : undefined,
    run: () => press(id),
  }));
  const places = panels.map(({ id, name }) => ({
    id: `panel-${id}`,
    name: say.palette.settings(name(say)),
    icon: Settings,
    run: () => (app.panel = id),
  }));
  const themes = THEMES.map((theme) => ({
    id: `theme-${theme}`,
    name: say.palette.theme(say.appearance.themes[theme]),
    icon: Palette,
    run: () => {
      app.preferences.theme = theme;
      app.preferences.save();
    },
  }));
  const addition = { id: "add-server", name: say.palette.addServer, icon: Plus, run: () => (app.panel = "servers") };
  const all: (Omit<Action, "icon"> & { icon?: Action["icon"] })[] = [...keyed, ...places, addition, ...themes];
  return app.summary ? [...all, ...ofConversation(app, app.summary)] : all;
}

/** What its menu in the list offers, too. */
function ofConversation(app: App, summary: ConversationSummary): Action[] {
  const { id, pinned } = summary;
  const exports = FORMATS.map((kind) => ({
    id: `export-${kind}`,
    name: say.palette.ofThis(say.data.exportAs[kind]),
    icon: Download,
    run: () => exportConversation(app, id, kind),
  }));
  return [
    {
      id: "pin",
      name: say.palette.ofThis(pinned ? say.list.unpin : say.list.pin),
      icon: pinned ? PinOff : Pin,
      run: () => app.attempt("pin_conversation", { id, pinned: !pinned }),
    },
    { id: "rename", name: say.palette.rename, icon: Pencil, run: () => (app.renaming = true) },
    { id: "duplicate", name: say.palette.ofThis(say.list.duplicate), icon: Copy, run: () => app.fork(id) },
    ...exports,
    { id: "remove", name: say.palette.remove, icon: Trash, run: () => app.remove(summary) },
  ];
}
