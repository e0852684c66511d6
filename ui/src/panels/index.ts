// The panels of the settings, in their order. A new panel is one file and one line here.
import type { Component } from "svelte";
import type { Words } from "../i18n/en";
import { Book, Cable, Coins, Database, Door, Keyboard as Keys } from "../icons";
import { Monitor, Palette, Scroll, Server, ShieldCheck, Sparkles, Stethoscope } from "../icons";
import Appearance from "./Appearance.svelte";
import Data from "./Data.svelte";
import Diagnostics from "./Diagnostics.svelte";
import Gateway from "./Gateway.svelte";
import Keyboard from "./Keyboard.svelte";
import Ledger from "./Ledger.svelte";
import LocalApi from "./LocalApi.svelte";
import Models from "./Models.svelte";
import Presets from "./Presets.svelte";
import Prices from "./Prices.svelte";
import Permissions from "./Permissions.svelte";
import Servers from "./Servers.svelte";
import System from "./System.svelte";

export interface Panel {
  id: string;
  name: (words: Words) => string;
  icon: typeof Keys;
  body: Component;
}

export const PANELS: readonly Panel[] = [
  { id: "models", name: (words) => words.settings.models, icon: Sparkles, body: Models },
  { id: "presets", name: (words) => words.presets.presets, icon: Scroll, body: Presets },
  { id: "servers", name: (words) => words.settings.servers, icon: Server, body: Servers },
  { id: "permissions", name: (words) => words.settings.permissions, icon: ShieldCheck, body: Permissions },
  { id: "ledger", name: (words) => words.ledger.ledger, icon: Book, body: Ledger },
  { id: "local-api", name: (words) => words.doors.localApi, icon: Cable, body: LocalApi },
  { id: "gateway", name: (words) => words.doors.gateway, icon: Door, body: Gateway },
  { id: "appearance", name: (words) => words.settings.appearance, icon: Palette, body: Appearance },
  { id: "system", name: (words) => words.system.system, icon: Monitor, body: System },
  { id: "keyboard", name: (words) => words.settings.keyboard, icon: Keys, body: Keyboard },
  { id: "prices", name: (words) => words.figures.name, icon: Coins, body: Prices },
  { id: "data", name: (words) => words.data.name, icon: Database, body: Data },
  { id: "diagnostics", name: (words) => words.diagnostics.diagnostics, icon: Stethoscope, body: Diagnostics },
];
