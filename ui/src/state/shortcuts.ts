// The one table of shortcuts: it drives the keyboard and is shown in Settings → Keyboard.
export type ShortcutId =
  | "newChat"
  | "search"
  | "settings"
  | "keyboard"
  | "sidebar"
  | "inspector"
  | "message"
  | "stop"
  | "allow"
  | "always"
  | "deny"
  | "rename"
  | "larger"
  | "smaller"
  | "normal";

export interface Shortcut {
  id: ShortcutId;
  /** `Ctrl` is Command on a Mac. */
  keys: string;
  /** Whether it also works while a text field has the focus. */
  inFields: boolean;
  /** Handled where the focus is, not by the window. */
  local?: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { id: "newChat", keys: "Ctrl+N", inFields: true },
  { id: "search", keys: "Ctrl+K", inFields: true },
  { id: "settings", keys: "Ctrl+,", inFields: true },
  { id: "keyboard", keys: "Ctrl+/", inFields: true },
  { id: "sidebar", keys: "Ctrl+B", inFields: true },
  { id: "inspector", keys: "Ctrl+I", inFields: true },
  { id: "message", keys: "Ctrl+L", inFields: true },
  { id: "stop", keys: "Escape", inFields: true },
  { id: "allow", keys: "A", inFields: false },
  { id: "always", keys: "Shift+A", inFields: false, local: true },
  { id: "deny", keys: "D", inFields: false },
  { id: "rename", keys: "F2", inFields: false, local: true },
  { id: "larger", keys: "Ctrl++", inFields: true },
  { id: "smaller", keys: "Ctrl+-", inFields: true },
  { id: "normal", keys: "Ctrl+0", inFields: true },
];

export function keysOf(id: ShortcutId): string {
  return SHORTCUTS.find((shortcut) => shortcut.id === id)?.keys ?? "";
}

/** The shortcut that a key press means for the window, if any. */
export function shortcutFor(event: KeyboardEvent): Shortcut | undefined {
  const shortcut = pressedIn(event);
  return shortcut?.local ? undefined : shortcut;
}

/** Whether a key press means a shortcut that is handled where the focus is, or where something waits. */
export function means(event: KeyboardEvent, id: ShortcutId): boolean {
  return pressedIn(event)?.id === id;
}

function pressedIn(event: KeyboardEvent): Shortcut | undefined {
  if (event.altKey || event.isComposing) return undefined;
  const pressed = pressedKeys(event);
  const shortcut = SHORTCUTS.find((each) => each.keys === pressed);
  return shortcut && (shortcut.inFields || !inField(event.target)) ? shortcut : undefined;
}

function pressedKeys(event: KeyboardEvent): string {
  const key = event.key === "=" && (event.ctrlKey || event.metaKey) ? "+" : event.key;
  const name = key.length === 1 ? key.toUpperCase() : key;
  if (event.ctrlKey || event.metaKey) return `Ctrl+${name}`;
  return event.shiftKey && /^[A-Z]$/.test(name) ? `Shift+${name}` : name;
}

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}
