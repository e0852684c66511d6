import { screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { isAccessible, open, requests } from "../test-window";

test("the organisation that OpenAI is asked for is kept with the settings", async () => {
  const { app, fake, user } = await open();
  app.panel = "models";
  await user.type(await screen.findByRole("textbox", { name: "Organisation" }), "org-abc123");
  await user.tab();
  expect(requests(fake, "change_settings").at(-1)).toMatchObject({ openaiOrganisation: "org-abc123" });
  await isAccessible();
});
