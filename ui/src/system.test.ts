import { screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { isAccessible, open, requests } from "./test-window";

test("how Loquat takes part in the system is wished for here, and a new version is only fetched on a click", async () => {
  const { fake, user } = await open();
  await user.click(await screen.findByRole("button", { name: "Settings" }));
  await user.click(await screen.findByRole("button", { name: "System" }));
  await user.click(await screen.findByRole("switch", { name: "Notifications" }));
  await waitFor(() => expect(requests(fake, "change_system")).toEqual([{ notifications: false, tray: true }]));
  await user.click(screen.getByRole("switch", { name: "Start at login" }));
  await waitFor(() => expect(requests(fake, "start_at_login")).toEqual([true]));
  expect(requests(fake, "look_for_update")).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Look for a new version" }));
  await user.click(await screen.findByRole("button", { name: "Install and restart" }));
  expect(requests(fake, "install_update")).toHaveLength(1);
  await isAccessible();
});

test("a followed link fills the box for adding a server and shows what it holds; nothing is added by it", async () => {
  const link = "loquat://add?name=clock&command=uvx%20mcp-server-time";
  const { fake } = await open((fake) => {
    let waiting: string | null = link;
    fake.answers.take_link = () => {
      const taken = waiting;
      waiting = null;
      return taken;
    };
  });
  await waitFor(() => expect(requests(fake, "preview_servers")).toEqual([link]));
  expect(requests(fake, "add_servers")).toEqual([]);
});
