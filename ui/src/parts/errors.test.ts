import { render, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { ErrorReport } from "../bindings";
import { speak } from "../i18n";
import ErrorNote from "./ErrorNote.svelte";

const error: ErrorReport = {
  code: "providerUnreachable",
  message: "LM Studio does not answer.",
  cause: "connection refused",
  fix: "Start its server.",
};

test("what went wrong stands first, in its own words", () => {
  const { container } = render(ErrorNote, { error });
  expect(container.querySelector(".what")?.textContent).toBe("LM Studio does not answer.");
  expect(container.querySelector("[lang]")).toBeNull();
});

test("what the window itself says is in its language already", async () => {
  await speak("de");
  const { container } = render(ErrorNote, { error: { ...error, message: "Genug.", own: true } });
  expect(container.querySelector(".what")?.textContent).toBe("Genug.");
  expect(container.querySelector("[lang]")).toBeNull();
});

test("in another language it is summed up first, and its own words are said to be English", async () => {
  await speak("de");
  render(ErrorNote, { error });
  expect(screen.getByText("Der Anbieter ist nicht zu erreichen.")).toBeTruthy();
  const own = screen.getByText(/LM Studio does not answer/);
  expect([own.lang, own.textContent]).toEqual(["en", "LM Studio does not answer.\nconnection refused"]);
  expect(screen.getByText("Start its server.").lang).toBe("en");
});
