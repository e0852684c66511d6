// The panels of the settings, in their order. A new panel is one file and one line here.
import type { Component } from "svelte";
import type { Words } from "../i18n/en";
import { Cable, Coins, Database, Door, Keyboard as Keys, Palette, Server, ShieldCheck, Sparkles } from "../icons";
import Appearance from "./Appearance.svelte";
import Data from "./Data.svelte";
import Gateway from "./Gateway.svelte";
import Keyboard from "./Keyboard.svelte";
import LocalApi from "./LocalApi.svelte";
import Models from "./Models.svelte";
import Prices from "./Prices.svelte";
import Permissions from "./Permissions.svelte";
import Servers from "./Servers.svelte";

export interface Panel {
  id: string;
  name: (words: Words) => string;
  icon: typeof Keys;
  body: Component;
}

export const PANELS: readonly Panel[] = [
  { id: "models", name: (words) => words.settings.models, icon: Sparkles, body: Models },
  { id: "servers", name: (words) => words.settings.servers, icon: Server, body: Servers },
  { id: "permissions", name: (words) => words.settings.permissions, icon: ShieldCheck, body: Permissions },
  { id: "local-api", name: (words) => words.doors.localApi, icon: Cable, body: LocalApi },
  { id: "gateway", name: (words) => words.doors.gateway, icon: Door, body: Gateway },
  { id: "appearance", name: (words) => words.settings.appearance, icon: Palette, body: Appearance },
  { id: "keyboard", name: (words) => words.settings.keyboard, icon: Keys, body: Keyboard },
  { id: "prices", name: (words) => words.figures.name, icon: Coins, body: Prices },
  { id: "data", name: (words) => words.data.name, icon: Database, body: Data },
];
