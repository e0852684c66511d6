// The panels of the settings, in their order. A new panel is one file and one line here.
import type { Component } from "svelte";
import type { Words } from "../i18n/en";
import { Book, Cable, Coins, Database, Door, Keyboard as Keys } from "../icons";
import { Monitor, Palette, Scroll, Server, ShieldCheck, Sparkles, Stethoscope } from "../icons";

export interface Panel {
  id: string;
  name: (words: Words) => string;
  icon: typeof Keys;
  /** Fetched when it is first opened. */
  body: () => Promise<{ default: Component }>;
}

export const PANELS: readonly Panel[] = [
  { id: "models", name: (words) => words.settings.models, icon: Sparkles, body: () => import("./Models.svelte") },
  { id: "presets", name: (words) => words.presets.presets, icon: Scroll, body: () => import("./Presets.svelte") },
  { id: "servers", name: (words) => words.settings.servers, icon: Server, body: () => import("./Servers.svelte") },
  {
    id: "permissions",
    name: (words) => words.settings.permissions,
    icon: ShieldCheck,
    body: () => import("./Permissions.svelte"),
  },
  { id: "ledger", name: (words) => words.ledger.ledger, icon: Book, body: () => import("./Ledger.svelte") },
  { id: "local-api", name: (words) => words.doors.localApi, icon: Cable, body: () => import("./LocalApi.svelte") },
  { id: "gateway", name: (words) => words.doors.gateway, icon: Door, body: () => import("./Gateway.svelte") },
  {
    id: "appearance",
    name: (words) => words.settings.appearance,
    icon: Palette,
    body: () => import("./Appearance.svelte"),
  },
  { id: "system", name: (words) => words.system.system, icon: Monitor, body: () => import("./System.svelte") },
  { id: "keyboard", name: (words) => words.settings.keyboard, icon: Keys, body: () => import("./Keyboard.svelte") },
  { id: "prices", name: (words) => words.figures.name, icon: Coins, body: () => import("./Prices.svelte") },
  { id: "data", name: (words) => words.data.name, icon: Database, body: () => import("./Data.svelte") },
  {
    id: "diagnostics",
    name: (words) => words.diagnostics.diagnostics,
    icon: Stethoscope,
    body: () => import("./Diagnostics.svelte"),
  },
];
