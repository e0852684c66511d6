import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeBackend } from "../../backend/fake";
import { settings } from "../../backend/world";
import { show } from "../../test-window";

test("the gateway's log is searched, opened, gone back through and verified", async () => {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  fake.remember();
  const { app, user } = await show(fake);
  await app.attempt("turn_gateway", { on: true, port: 9000 });
  app.panel = "gateway";
  const list = await screen.findByRole("list", { name: "Audit records" });
  const rows = () => within(screen.getByRole("list", { name: "Audit records" })).getAllByRole("listitem");
  expect(rows()).toHaveLength(50);
  await user.click(screen.getByRole("button", { name: "Older records" }));
  await waitFor(() => expect(rows()).toHaveLength(100));
  await user.selectOptions(screen.getByRole("combobox", { name: "Decision" }), "Refused");
  await waitFor(() => expect(rows()).toHaveLength(24));
  await user.click(within(list).getAllByRole("button", { name: /crm_delete_contact/ })[0]!);
  expect(within(list).getAllByText("role_not_allowed").length).toBeGreaterThan(24);
  await user.selectOptions(screen.getByRole("combobox", { name: "Tenant" }), "acme");
  await waitFor(() => expect(rows().length).toBeLessThan(24));
  await user.type(screen.getByRole("searchbox", { name: "Find a tool" }), "nothing");
  await screen.findByText("No record fits.");
  await user.click(screen.getByRole("button", { name: "Verify the log" }));
  expect(await screen.findByText("The log is whole: 1,204 records in 2 files.")).toBeTruthy();
});
