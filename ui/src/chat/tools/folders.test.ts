import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { isAccessible, open, requests } from "../../test-window";

test("a chat's folders are named and taken back, beside its tools", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: "Tools" }));
  const tools = await screen.findByRole("dialog", { name: "Tools" });
  await user.click(await within(tools).findByText("Folders · 0"));
  expect(within(tools).getByText("No folder is named.")).toBeTruthy();
  await user.type(within(tools).getByLabelText("Folder, as a whole path"), "/work/notes{Enter}");
  await waitFor(() => expect(requests(fake, "choose_tools")).toMatchObject([{ choice: { folders: ["/work/notes"] } }]));
  expect(await within(tools).findByText("Folders · 1")).toBeTruthy();
  await isAccessible();
  await user.click(within(tools).getByRole("button", { name: "Remove /work/notes" }));
  await waitFor(() => expect(requests(fake, "choose_tools")).toHaveLength(2));
  expect(requests(fake, "choose_tools").at(-1)).toMatchObject({ choice: { folders: [] } });
});
