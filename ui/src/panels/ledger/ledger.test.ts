import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeBackend } from "../../backend/fake";
import { settings } from "../../backend/world";
import { show } from "../../test-window";

test("the ledger lists every call, narrows, opens and saves", async () => {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  fake.remember();
  const { app, user } = await show(fake);
  app.panel = "ledger";
  const list = await screen.findByRole("list", { name: "Ledger" });
  expect(within(list).getAllByRole("listitem")).toHaveLength(3);
  await user.selectOptions(screen.getByRole("combobox", { name: "Outcome" }), "Not allowed");
  await screen.findByText("1 call");
  await user.click(within(list).getByRole("button", { name: /update_ticket/ }));
  expect(within(list).getByText("the user said no: ask Ann first")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Save as CSV" }));
  expect(await screen.findByText("1 call saved: ~/Downloads/loquat-ledger.csv")).toBeTruthy();
  await user.type(screen.getByRole("searchbox", { name: "Find calls" }), "nothing like this");
  await waitFor(() => expect(screen.getByText("No call fits.")).toBeTruthy());
});
