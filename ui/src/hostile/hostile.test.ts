// Text that means harm, as a message: it runs nothing, asks nobody, hides nothing and freezes nothing.
// A freeze is a test that does not end in time; no other time is measured.
import { render } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import Linked from "../parts/Linked.test.svelte";
import { mayOpen } from "../parts/markdown";
import entries from "./corpus.json";

interface Entry {
  name: string;
  text: string;
  repeat?: string;
  times?: number;
  after?: string;
}

/** Stands at the end of every text: what can be read there was not hidden. */
const MARK = "ENDMARK";
const corpus = (entries as Entry[]).map(({ name, text, repeat = "", times = 0, after = "" }): [string, string] => [
  name,
  `${text}${repeat.repeat(times)}${after}\n\n${MARK}`,
]);

const asked = vi.fn(() => Promise.reject(new Error("Nobody is asked.")));
beforeEach(() => {
  vi.stubGlobal("fetch", asked);
  vi.stubGlobal("open", asked);
  vi.stubGlobal("XMLHttpRequest", asked);
  vi.stubGlobal("WebSocket", asked);
});
afterEach(() => {
  vi.unstubAllGlobals();
  asked.mockClear();
});

const NEVER =
  "script, style, iframe, object, embed, link, meta, base, form, frame, applet, portal, foreignObject, animate, set, use";
// eslint-disable-next-line no-control-regex -- These are the very characters meant.
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e0fff}]/u;

/** Nothing on the page can run, ask or hide. */
function isHarmless(root: Element) {
  expect([...root.querySelectorAll(NEVER)].map((each) => each.outerHTML)).toEqual([]);
  for (const each of root.querySelectorAll("*")) {
    for (const { name, value } of each.attributes) {
      if (/^on/i.test(name)) throw new Error(`${each.localName} has ${name}`);
      if (/^(xlink:)?href$/i.test(name)) expect(mayOpen(value) || value.startsWith("#"), value).toBe(true);
      if (/^(src|srcset|data|poster|action|formaction|background)$/i.test(name))
        expect(value).toMatch(/^(data:image\/(png|jpeg|gif|webp);|blob:)/);
      if (name === "style") expect(value).not.toMatch(/url\(|position|@import/i);
    }
  }
  expect(root.textContent).not.toMatch(UNSEEN);
  expect((window as { hacked?: unknown }).hacked).toBeUndefined();
  expect(asked).not.toHaveBeenCalled();
}

describe("as a message", () => {
  test.each(corpus)("%s", async (_, text) => {
    const links = { open: vi.fn(), picture: vi.fn(), save: vi.fn() };
    const { container } = render(Linked, { text, links });
    // Formulas and diagrams come a moment later.
    await new Promise((resolve) => setTimeout(resolve));
    isHarmless(container);
    const isWhole = container.textContent?.includes(MARK);
    const leads = [...container.querySelectorAll("button")].some((each) =>
      /^Show (all|the rest)/.test(each.textContent ?? ""),
    );
    expect(isWhole || leads, "its end can be read").toBe(true);
    expect(container.querySelectorAll("*").length).toBeLessThan(40_000);
    expect([links.open, links.picture, links.save].flatMap((each) => each.mock.calls)).toEqual([]);
  });
});
