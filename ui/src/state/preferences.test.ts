import { afterEach, expect, test, vi } from "vitest";
import { FakeBackend } from "../backend/fake";
import { Preferences } from "./preferences.svelte";

afterEach(() => vi.unstubAllGlobals());

/** A system with wishes of its own, which may change. */
function system(...wishes: string[]) {
  const told = new Map<string, (event: { matches: boolean }) => void>();
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: wishes.includes(query),
    addEventListener: (_: string, tell: (event: { matches: boolean }) => void) => told.set(query, tell),
  }));
  return (query: string, matches: boolean) => told.get(query)?.({ matches });
}

const DARK = "(prefers-color-scheme: dark)";
const CONTRAST = "(prefers-contrast: more)";

test("the look follows the system in tone and in contrast, until a person says otherwise", () => {
  const change = system(DARK, CONTRAST);
  const preferences = new Preferences(new FakeBackend());
  expect(preferences.look).toBe("contrast-dark");
  change(CONTRAST, false);
  expect(preferences.look).toBe("dark");
  change(DARK, false);
  expect(preferences.look).toBe("light");
  preferences.theme = "contrast";
  expect(preferences.look).toBe("contrast-light");
  change(CONTRAST, true);
  preferences.theme = "dark";
  expect(preferences.look).toBe("dark");
});
