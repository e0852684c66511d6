import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { isAccessible, open, requests } from "../../test-window";

test("a server's prompts, resources and log: read, watched, narrowed", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: /5 of 5 servers ready/ }));
  await user.click(await screen.findByRole("button", { name: /^knowledge help desk/ }));
  await user.click(screen.getByRole("tab", { name: "Prompts" }));
  expect(await screen.findByText("daily_tip")).toBeTruthy();
  await user.click(screen.getByRole("tab", { name: "Resources" }));
  const resources = await screen.findByRole("list", { name: "Resources" });
  await user.type(await screen.findByRole("searchbox", { name: "Find a resource" }), "handbook");
  expect(within(resources).getAllByRole("listitem")).toHaveLength(1);
  await user.click(within(resources).getByRole("switch", { name: "Told when Handbook changes" }));
  await waitFor(() =>
    expect(requests(fake, "subscribe_resource")).toEqual([{ server: "knowledge", uri: "kb://handbook" }]),
  );
  fake.emit({ type: "resourceUpdated", server: "knowledge", uri: "kb://handbook" });
  expect(await within(resources).findByText("It has changed: read again.")).toBeTruthy();
  // Nobody has to keep looking: it is watched all the same.
  await user.click(screen.getByRole("tab", { name: "Prompts" }));
  await user.click(screen.getByRole("tab", { name: "Resources" }));
  const again = await screen.findByRole("list", { name: "Resources" });
  const still = within(again).getByRole("switch", { name: "Told when Handbook changes" });
  expect(still.getAttribute("aria-checked")).toBe("true");
  expect(within(again).getByText("It has changed: read again.")).toBeTruthy();
  const handbook = still.closest("li")!;
  await user.click(within(handbook).getByRole("button", { name: "Read" }));
  expect(within(handbook).queryByText("It has changed: read again.")).toBeNull();
  expect(await within(again).findByText("What stands in it.")).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("tab", { name: "Log" }));
  const log = await screen.findByRole("list", { name: "Log" });
  await waitFor(() => expect(within(log).getAllByRole("listitem")).toHaveLength(2));
  await user.selectOptions(screen.getByLabelText("At least"), "errors");
  await waitFor(() => expect(within(log).getAllByRole("listitem")).toHaveLength(1));
  await user.selectOptions(screen.getByLabelText("What the server sends at all"), "warnings");
  expect(requests(fake, "set_server_log_level")).toEqual([{ server: "knowledge", least: "warning" }]);
  await isAccessible();
});
