// What jsdom lacks of the platform, as little as the page needs.
import { configure } from "@testing-library/svelte";
import { afterEach, beforeEach } from "vitest";
import { speak } from "./i18n";

configure({ asyncUtilTimeout: 20_000 });

class NoObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= NoObserver as unknown as typeof ResizeObserver;
globalThis.IntersectionObserver ??= NoObserver as unknown as typeof IntersectionObserver;
globalThis.CSS ??= { supports: () => true } as unknown as typeof CSS;
window.matchMedia ??= (query: string) =>
  ({
    matches: query.includes("min-width"),
    media: query,
    addEventListener() {},
    removeEventListener() {},
  }) as unknown as MediaQueryList;
// Only asked for by axe, which then does without.
HTMLCanvasElement.prototype.getContext = () => null;
HTMLElement.prototype.scrollIntoView ??= () => undefined;

HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  this.open = false;
};

function toggle(element: HTMLElement, newState: "open" | "closed") {
  if ((element.dataset.shown === "open") === (newState === "open")) return;
  element.dataset.shown = newState;
  const event = new Event("toggle");
  Object.assign(event, { newState });
  element.dispatchEvent(event);
}
HTMLElement.prototype.showPopover = function () {
  toggle(this, "open");
};
HTMLElement.prototype.hidePopover = function () {
  toggle(this, "closed");
};
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("[popovertarget]") : null;
  const panel = target && document.getElementById(target.getAttribute("popovertarget") ?? "");
  if (panel) toggle(panel, panel.dataset.shown === "open" ? "closed" : "open");
});

beforeEach(() => speak("en"));
afterEach(() => {
  document.documentElement.removeAttribute("data-theme");
});
