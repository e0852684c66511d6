import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { troubledServers } from "../backend/world";
import { chosen, isAccessible, open, requests } from "../test-window";

/** The page of a server that wants a sign-in. */
async function sheets() {
  const window = await open((fake) => {
    chosen(fake);
    fake.snapshot.servers.push(...troubledServers());
  });
  window.app.panel = "servers";
  window.app.serverPage = { name: "sheets" };
  await screen.findByRole("heading", { name: "sheets" });
  return window;
}

test("a sign-in that meets somebody unexpected says what helps, and one click mends it", async () => {
  const { fake, user } = await sheets();
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText(/calls itself https:\/\/id.example.com\/tenant/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Copy report" })).toBeTruthy();
  expect(requests(fake, "open_link")).toEqual([]);
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Trust this issuer" }));
  await waitFor(() => expect(requests(fake, "sign_in")).toHaveLength(2));
  expect(requests(fake, "trust_issuer")).toEqual([{ server: "sheets", issuer: "https://id.example.com/tenant" }]);
});

test("accounts are listed, used, and signed out of", async () => {
  const { fake, user } = await sheets();
  await fake.call("trust_issuer", { server: "sheets", issuer: "x" });
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await user.click(await screen.findByRole("tab", { name: "Sign-in" }));
  const list = await screen.findByRole("list", { name: "Accounts" });
  expect(await within(list).findByText(/expires in 42 min .* renews by itself/)).toBeTruthy();
  await user.type(screen.getByRole("textbox", { name: "Name of the account" }), "work");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await user.click(await within(list).findByRole("button", { name: "Use default" }));
  expect(requests(fake, "use_account")).toEqual([{ server: "sheets", account: "default" }]);
  await isAccessible();
  await user.click(within(list).getByRole("button", { name: "Sign out work" }));
  await user.click(await within(list).findByRole("button", { name: "Sign out" }));
  expect(await within(list).findByText("Nobody is signed in here.")).toBeTruthy();
});

test("the list of servers says in whose name each is called", async () => {
  const { app, fake, user } = await sheets();
  await fake.call("trust_issuer", { server: "sheets", issuer: "x" });
  app.serverPage = undefined;
  const list = await screen.findByRole("list", { name: "Your servers" });
  expect(within(list).queryByText("signed in")).toBeNull();
  await fake.call("sign_in", { server: "sheets" });
  expect(await within(list).findByText("signed in")).toBeTruthy();
  await fake.call("sign_in", { server: "sheets", account: "work" });
  app.serverPage = { name: "sheets" };
  await user.click(await screen.findByRole("button", { name: "All servers" }));
  expect(await screen.findByText("as work")).toBeTruthy();
  // Whoever must sign in again is named no more.
  fake.answers.signed_in = () => [{ server: "sheets", names: ["work"], used: "work", over: ["work"] }];
  app.serverPage = { name: "sheets" };
  await user.click(await screen.findByRole("button", { name: "All servers" }));
  await waitFor(() => expect(screen.queryByText("as work")).toBeNull());
});

test("a client that was registered by hand is taken in a form", async () => {
  const { app, fake, user } = await sheets();
  const remedies = [{ remedy: "resetRegistration" as const }, { remedy: "useClient" as const }];
  const step = { step: "register" as const, state: "failed" as const, exchange: [], meaning: "Refused.", remedies };
  fake.emit({ type: "signIn", server: "sheets", step });
  await waitFor(() => expect(app.signIns.sheets).toHaveLength(1));
  await user.click(screen.getByRole("button", { name: "Use a client id" }));
  await user.type(screen.getByRole("textbox", { name: "Client id" }), "by-hand");
  await user.type(screen.getByLabelText("Client secret, if there is one"), "planted-secret");
  await user.click(screen.getByRole("button", { name: "Use it and sign in" }));
  expect(requests(fake, "use_client")).toEqual([{ server: "sheets", id: "by-hand", secret: "planted-secret" }]);
  expect(document.body.innerHTML).not.toContain("planted-secret");
});

test("without a keychain there is a choice, and a locked file asks for its passphrase", async () => {
  const { app, fake, user } = await sheets();
  fake.emit({ type: "settings", settings: { ...fake.snapshot.settings, secrets: { place: "memory" } } });
  const choice = await screen.findByRole("region", { name: "Where your secrets are" });
  await user.type(within(choice).getByLabelText("Passphrase"), "four words");
  await user.type(within(choice).getByLabelText("Passphrase once more"), "four wordz");
  expect(within(choice).getByText("The two passphrases differ.")).toBeTruthy();
  await isAccessible();
  await user.type(within(choice).getByLabelText("Passphrase once more"), "{Backspace}s");
  await user.click(within(choice).getByRole("button", { name: "Keep in a file" }));
  expect(requests(fake, "make_secret_file")).toEqual(["four words"]);
  await waitFor(() => expect(app.known.secrets).toEqual({ place: "file", open: true }));
  fake.emit({ type: "settings", settings: { ...fake.snapshot.settings, secrets: { place: "file", open: false } } });
  const dialog = await screen.findByRole("dialog", { name: "Unlock your secrets" });
  await user.type(within(dialog).getByLabelText("Passphrase"), "four words");
  await user.click(within(dialog).getByRole("button", { name: "Unlock" }));
  expect(requests(fake, "unlock_secrets")).toEqual(["four words"]);
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Unlock your secrets" })).toBeNull());
});

test("sign-ins that lie in a file in the open are taken over, and the file may go", async () => {
  const { fake, user, app } = await sheets();
  app.serverPage = undefined;
  await user.click(await screen.findByRole("button", { name: /^Import from/ }));
  await user.type(screen.getByRole("textbox", { name: /^A file/ }), "~/.mcp_tokens.json");
  await user.click(screen.getByRole("button", { name: "Look at it" }));
  const list = await screen.findByRole("list", { name: "Sign-ins in this file" });
  expect(within(list).getByText("for sheets")).toBeTruthy();
  await isAccessible();
  await user.click(screen.getByRole("button", { name: "Take over 1 sign-in" }));
  expect(await within(list).findByText("taken over")).toBeTruthy();
  expect(requests(fake, "delete_sign_in_file")).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Delete the file" }));
  expect(await screen.findByText("The file is deleted.")).toBeTruthy();
  expect(requests(fake, "delete_sign_in_file")).toEqual(["~/.mcp_tokens.json"]);
});
