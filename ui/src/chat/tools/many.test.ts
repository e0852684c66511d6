import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { chosen, isAccessible, open, requests } from "../../test-window";

/** A server with more tools than anybody looks through. */
function crowded(server: string, count: number) {
  return open((fake) => {
    chosen(fake);
    const crowd = fake.snapshot.servers.find((each) => each.name === server);
    const [first] = crowd?.tools ?? [];
    if (!crowd || !first) throw new Error(`no tool of ${server}`);
    crowd.tools = Array.from({ length: count }, (_, at) => ({
      ...first,
      name: `tool-${at}`,
      called: `${server}__tool-${at}`,
    }));
  });
}

test("of a thousand tools as many are listed as one looks through, and each is found by its name", async () => {
  const { fake, user } = await crowded("ticket", 1000);
  await user.click(screen.getByRole("button", { name: "Tools" }));
  const tools = await screen.findByRole("dialog", { name: "Tools" });
  await user.click(await within(tools).findByText("1,000 of 1,000 tools"));
  const list = within(tools).getByRole("region", { name: "ticket" });
  expect(within(list).getAllByRole("listitem")).toHaveLength(100);
  expect(within(list).getByText("900 more: narrow the list.")).toBeTruthy();
  await user.type(within(list).getByRole("searchbox", { name: "Find a tool" }), "tool-777");
  await user.click(within(list).getByRole("checkbox", { name: "tool-777" }));
  expect(requests(fake, "choose_tools").at(-1)).toMatchObject({
    choice: { toolsOff: [{ server: "ticket", tool: "tool-777" }] },
  });
  await isAccessible();
});
