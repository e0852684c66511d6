import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { troubledServers } from "../../backend/world";
import { chosen, isAccessible, open, requests } from "../../test-window";

test("what a server's settings refer to is asked for, and goes to the keychain alone", async () => {
  let lacking = ["crm.API_TOKEN"];
  const { app, fake, user } = await open((backend) => {
    chosen(backend);
    backend.snapshot.servers.push(...troubledServers());
    backend.answers.lacking_secrets = () => lacking;
    backend.answers.store_server_secret = () => {
      lacking = [];
      return null;
    };
  });
  app.panel = "servers";
  app.serverPage = { name: "crm" };
  const page = await screen.findByRole("region", { name: /^crm/ });
  const field = await within(page).findByLabelText("API_TOKEN");
  expect(field.getAttribute("type")).toBe("password");
  await isAccessible();
  await user.type(field, "planted-secret");
  await user.click(within(page).getByRole("button", { name: "Keep and start" }));
  expect(requests(fake, "store_server_secret")).toEqual([{ name: "crm.API_TOKEN", value: "planted-secret" }]);
  expect(document.body.innerHTML).not.toContain("planted-secret");
  expect(within(page).queryByLabelText("API_TOKEN")).toBeNull();
});
