import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import Window from "../../App.svelte";
import { FakeBackend } from "../../backend/fake";
import { settings } from "../../backend/world";
import { App } from "../../state/app.svelte";

test("the ledger lists every call, narrows, opens and saves", async () => {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  fake.remember();
  const app = new App(fake);
  await app.connect();
  render(Window, { app });
  const user = userEvent.setup();
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
