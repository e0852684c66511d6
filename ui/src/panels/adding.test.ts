import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { Diagnosis } from "../bindings";
import { isAccessible, open, requests } from "../test-window";

const ADDRESS = "https://mcp.example.com/mcp";

async function pasted(diagnosis: Diagnosis["steps"] | undefined, link?: string) {
  const opened = await open((fake) => {
    if (diagnosis) {
      fake.answers.look_at_servers = () => [
        { name: "mcp.example.com", kind: "server", address: ADDRESS, steps: diagnosis },
      ];
    }
    let waiting = link ?? null;
    fake.answers.take_link = () => [waiting, (waiting = null)][0] as string | null;
  });
  if (link !== undefined) return opened;
  await opened.user.click(await screen.findByRole("button", { name: "Settings" }));
  await opened.user.click(await screen.findByRole("button", { name: "Servers" }));
  await opened.user.type(screen.getByRole("textbox", { name: /Paste a URL/ }), `${ADDRESS}{Enter}`);
  return opened;
}

const preview = () => screen.findByRole("region", { name: "This adds 1 server" });

test("what is pasted is looked at before anybody agrees to it", async () => {
  const { fake } = await pasted(undefined);
  const shown = await preview();
  await waitFor(() => expect(shown.textContent).toContain("It answers: It speaks version 2025-11-25. 3 tools."));
  expect(requests(fake, "look_at_servers")).toEqual([ADDRESS]);
  expect(requests(fake, "add_servers")).toEqual([]);
  await isAccessible();
});

test("a server that asks who one is is said to", async () => {
  await pasted([{ step: "signIn", outcome: "failed", seen: "401" }]);
  await waitFor(async () => expect((await preview()).textContent).toContain("It answers and asks who you are."));
});

test("a server that is not there is said not to be, and can be added all the same", async () => {
  const { fake, user } = await pasted([
    { step: "name", outcome: "failed", seen: "No such host.", fix: "Look at its name." },
  ]);
  const shown = await preview();
  await waitFor(() =>
    expect(shown.textContent).toMatch(/would not work: No such host\. What to do: Look at its name\./),
  );
  await user.click(within(shown).getByRole("button", { name: "Add 1 server" }));
  expect(requests(fake, "add_servers")).toEqual([ADDRESS]);
});

test("what comes by a link is asked only after a click", async () => {
  const { fake, user } = await pasted(undefined, ADDRESS);
  const shown = await preview();
  expect(requests(fake, "look_at_servers")).toEqual([]);
  await user.click(within(shown).getByRole("button", { name: "Look at it first" }));
  await waitFor(() => expect(shown.textContent).toContain("It answers"));
});
