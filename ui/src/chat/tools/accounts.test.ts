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
  // The way back in is offered where it is missed, under the name that is missed.
  await user.click(await screen.findByRole("button", { name: "Sign in as home" }));
  await waitFor(() => expect(requests(fake, "sign_in").at(-1)).toEqual({ server: "sheets", account: "home" }));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Sign in as home" })).toBeNull());
});

test("a server that wants a sign-in says so among the tools and offers it, with what helps where it fails", async () => {
  const { fake, user } = await open((fake) => {
    chosen(fake);
    fake.snapshot.servers.push(...troubledServers());
  });
  await user.click(screen.getByRole("button", { name: "Tools" }));
  const sheets = within(await screen.findByRole("region", { name: "sheets" }));
  expect(sheets.getByText("needs sign-in")).toBeTruthy();
  await isAccessible();
  await user.click(sheets.getByRole("button", { name: "Sign in" }));
  await user.click(await sheets.findByRole("button", { name: "Trust this issuer" }));
  await waitFor(() => expect(requests(fake, "sign_in")).toHaveLength(2));
  await waitFor(() => expect(sheets.queryByText("needs sign-in")).toBeNull());
  expect(sheets.queryByRole("button", { name: "Sign in" })).toBeNull();
});
