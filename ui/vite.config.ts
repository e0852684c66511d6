import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte({ configFile: "../svelte.config.js" }), svelteTesting()],
  cacheDir: "../node_modules/.vite",
  clearScreen: false,
  server: { port: 5183, strictPort: true },
  // Everything is a file of our own: the page's policy allows nothing else.
  build: {
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // All that the window begins with is one file, and what sections of the settings share is another: each
            // file takes a way through the program of its own.
            { name: "window", test: /src[\\/]main\.ts$/ },
            { name: "settings", test: /src[\\/](panels|signing|parts|icons)[\\/]/, minShareCount: 2 },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    setupFiles: "src/test-setup.ts",
    include: ["src/**/*.test.ts"],
    css: false,
    // Role queries in jsdom are slow on a busy machine; nothing here waits on purpose.
    testTimeout: 60_000,
  },
});
