// Style is prettier's; this file holds what prettier cannot see: types, and who may import whom.
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const tauri = { group: ["@tauri-apps/*"], message: "Only ui/src/backend speaks to Tauri." };
const tier = (folder, ...forbidden) => ({
  files: [`ui/src/${folder}/**/*.{ts,svelte}`],
  ignores: ["**/*.test.ts"],
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [tauri, ...forbidden.map((name) => ({ group: [`**/${name}`, `**/${name}/**`] }))] },
    ],
  },
});

export default ts.config(
  { ignores: ["ui/dist", "ui/e2e", "ui/src/bindings.ts"] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      "no-restricted-imports": ["error", { patterns: [tauri] }],
      "no-undef": "off",
      "@typescript-eslint/no-explicit-any": "error",
      "svelte/no-at-html-tags": "error",
      "max-lines": ["error", { max: 400 }],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { extraFileExtensions: [".svelte"], parser: ts.parser, svelteConfig } },
  },
  { files: ["**/*.svelte"], rules: { "max-lines": ["error", { max: 200 }] } },
  { files: ["ui/src/backend/**"], rules: { "no-restricted-imports": "off" } },
  tier("state", "chat", "panels", "parts", "i18n", "icons"),
  tier("parts", "chat", "panels", "state", "backend"),
  tier("signing", "chat", "panels"),
  tier("room", "chat", "panels"),
  tier("chat", "panels"),
  tier("panels", "chat"),
  tier("palette", "chat", "panels"),
  tier("inspector", "chat", "panels"),
);
