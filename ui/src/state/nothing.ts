// What the page knows before it was told anything.
import type { SettingsView } from "../bindings";

export const NO_SETTINGS: SettingsView = {
  settings: {
    openaiBaseUrl: "",
    lmstudioBaseUrl: "",
    customBaseUrl: "",
    systemPrompt: "",
    maxRounds: 25,
  },
  prices: [],
  providers: [],
  secrets: { place: "keychain" },
};
