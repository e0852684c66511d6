import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { FakeBackend } from "../../backend/fake";
import { settings, troubledServers } from "../../backend/world";
import { show } from "../../test-window";
import { reportOf } from "./report";

test("diagnostics: the doctor's findings, the log and a report", async () => {
  const fake = new FakeBackend();
  fake.snapshot.settings = settings({ provider: "lmstudio", model: "qwen3-14b" });
  fake.snapshot.servers.push(...troubledServers());
  const { app, user } = await show(fake);
  app.panel = "diagnostics";
  await user.click(await screen.findByRole("button", { name: "Run the doctor" }));
  const crm = await screen.findByRole("list", { name: "Steps of crm" });
  expect(within(crm).getByText("crm does not answer.")).toBeTruthy();
  const log = await screen.findByRole("list", { name: "Log" });
  expect(within(log).getAllByRole("listitem")).toHaveLength(3);
  await user.click(screen.getByRole("radio", { name: "Error" }));
  expect(await within(log).findAllByRole("listitem")).toHaveLength(1);
  expect(await screen.findByText("linux x86_64")).toBeTruthy();

  const [found] = await Promise.all([fake.call("diagnose", "crm")]);
  const report = reportOf(await fake.call("about", null), fake.snapshot.servers, found, []);
  expect(report).toContain("Loquat 0.1.0 · linux x86_64");
  expect(report).toContain("x reach: No answer. crm does not answer.");
});
