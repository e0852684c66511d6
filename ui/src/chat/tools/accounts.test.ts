import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { chosen, isAccessible, open, requests } from "../../test-window";
import { troubledServers } from "../../backend/world";

/** Two accounts are signed in to one server, and the tools of the chat are open. */
async function twoAccounts() {
  const window = await open((fake) => {
    chosen(fake);
    fake.snapshot.servers.push(...troubledServers());
  });
  const { fake, user } = window;
  await fake.call("trust_issuer", { server: "sheets", issuer: "x" });
  await fake.call("sign_in", { server: "sheets", account: "home" });
  await fake.call("sign_in", { server: "sheets", account: "work" });
  await user.click(screen.getByRole("button", { name: "Tools" }));
  const tools = await screen.findByRole("dialog", { name: "Tools" });
  return { ...window, tools };
}

test("a chat calls a server in the name that is chosen for it, and no other chat does", async () => {
  const { fake, user, tools } = await twoAccounts();
  const account = await within(tools).findByRole("combobox", { name: "Account for sheets in this chat" });
  expect(
    within(account)
      .getAllByRole("option")
      .map((each) => each.textContent),
  ).toEqual(["as everywhere (work)", "as home", "as work"]);
  await isAccessible();
  await user.selectOptions(account, "as home");
  await waitFor(() =>
    expect(requests(fake, "choose_tools")).toMatchObject([{ choice: { accounts: { sheets: "home" } } }]),
  );
  await user.selectOptions(account, "as everywhere (work)");
  await waitFor(() => expect(requests(fake, "choose_tools")).toHaveLength(2));
  expect(requests(fake, "choose_tools").at(-1)).toMatchObject({ choice: { accounts: {} } });
});

test("an account that has been signed out stays chosen, and is said to be gone", async () => {
  const { fake, user, tools } = await twoAccounts();
  const account = await within(tools).findByRole("combobox", { name: "Account for sheets in this chat" });
  await user.selectOptions(account, "as home");
  await waitFor(() => expect(requests(fake, "choose_tools")).toHaveLength(1));
  await fake.call("sign_out", { server: "sheets", account: "home" });
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Tools" }));
  const again = await screen.findByRole("combobox", { name: "Account for sheets in this chat" });
  await waitFor(() => expect(within(again).getByRole("option", { name: "as home (signed out)" })).toBeTruthy());
});
