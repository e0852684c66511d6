// The panels of the settings, in their order. A new panel is one file and one line here.
import type { Component } from "svelte";
import type { Words } from "../i18n/en";
import { Keyboard as Keys, Monitor, Palette, Server, ShieldCheck, Sparkles } from "../icons";
import Appearance from "./Appearance.svelte";
import Keyboard from "./Keyboard.svelte";
import Models from "./Models.svelte";
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
  { id: "servers", name: (words) => words.settings.servers, icon: Server, body: Servers },
  { id: "permissions", name: (words) => words.settings.permissions, icon: ShieldCheck, body: Permissions },
  { id: "appearance", name: (words) => words.settings.appearance, icon: Palette, body: Appearance },
  { id: "system", name: (words) => words.system.system, icon: Monitor, body: System },
  { id: "keyboard", name: (words) => words.settings.keyboard, icon: Keys, body: Keyboard },
];
