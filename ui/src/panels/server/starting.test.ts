import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { ServerView } from "../../bindings";
import { isAccessible, open } from "../../test-window";

test("a server that takes its time says so, with what its program wrote last", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: /5 of 5 servers ready/ }));
  const starting = { since: Date.now() - 14_000, logged: 1 };
  const files: ServerView = {
    name: "files",
    bundled: false,
    enabled: true,
    address: "npx -y server-files",
    state: { state: "connecting" },
    starting,
    tools: [],
    log: ["what it wrote the last time"],
    logged: 1,
  };
  fake.emit({ type: "server", server: files });
  const row = (await screen.findByRole("button", { name: /^files/ })).closest("li") as HTMLElement;
  expect(await within(row).findByText(/Still starting \(1\d s\)/)).toBeTruthy();
  expect(within(row).queryByText(/the last time/)).toBeNull();
  fake.emit({ type: "serverLog", server: "files", lines: ["Downloading 12 of 80 MB"], logged: 2 });
  expect(await within(row).findByText("Downloading 12 of 80 MB")).toBeTruthy();
  fake.emit({ type: "serverLog", server: "files", lines: ["Downloading 79 of 80 MB"], logged: 3 });
  expect(await within(row).findByText("Downloading 79 of 80 MB")).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("button", { name: /^files/ }));
  expect(await screen.findByText("Downloading 79 of 80 MB")).toBeTruthy();
  await isAccessible();
  const ready = { ...files, state: { state: "ready", tools: 0, latencyMs: 3 } as const, starting: undefined };
  fake.emit({ type: "server", server: { ...ready, logged: 3 } });
  await waitFor(() => expect(screen.queryByText(/Still starting/)).toBeNull());
});
