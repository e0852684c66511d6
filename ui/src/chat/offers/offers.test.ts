import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { isAccessible, open, requests } from "../../test-window";
import { fenced } from "./composing.svelte";
import { expanded } from "./template";
import { begun, wantedIn } from "./wanted";

test.each([
  ["/", 1, { kind: "prompts", begun: "", from: 0, to: 1 }],
  ["/sum", 4, { kind: "prompts", begun: "sum", from: 0, to: 4 }],
  ["a /sum", 6, undefined],
  ["/sum it", 7, undefined],
  ["@", 1, { kind: "resources", begun: "", from: 0, to: 1 }],
  ["see @hand", 9, { kind: "resources", begun: "hand", from: 4, to: 9 }],
  ["ann@example", 11, undefined],
])("what is wanted in %s", (text, caret, wanted) => {
  expect(wantedIn(text, caret)).toEqual(wanted);
});

test.each([
  ["prompts", "", 0, "/", 1],
  ["prompts", "and more", 3, "/and more", 1],
  ["prompts", "/sum it", 4, "/ it", 1],
  ["resources", "see", 3, "see @", 5],
  ["resources", "see this", 4, "see @this", 5],
] as const)("a click for %s in %o", (kind, text, caret, words, at) => {
  expect(begun(kind, text, caret)).toEqual({ text: words, caret: at });
});

test.each([
  ["note://{day}", { day: "a b" }, "note://a%20b"],
  ["file:///{+path}", { path: "a/b" }, "file:///a/b"],
  ["x{?q,page}", { q: "a&b" }, "x?q=a%26b"],
  ["x{/a,b}", { a: "1", b: "2" }, "x/1/2"],
  ["x/{id}", {}, "x/"],
])("the pattern %s", (pattern, values, uri) => {
  expect(expanded(pattern, values)).toBe(uri);
});

test("a block of code outlives the fences within it", () => {
  expect(fenced("a\n```\nb\n")).toBe("````\na\n```\nb\n````");
});

test("by a click: what servers offer, again after it was closed, and what is said where they offer nothing", async () => {
  const { fake, user } = await open();
  await user.click(screen.getByRole("button", { name: "Prompts of servers" }));
  const list = await screen.findByRole("listbox", { name: "Prompts of servers" });
  expect(await within(list).findAllByRole("option")).toHaveLength(2);
  expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Message" }));
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("listbox")).toBeNull();
  fake.answers.list_prompts = () => [];
  await user.click(screen.getByRole("button", { name: "Prompts of servers" }));
  expect(await screen.findByText("None of your servers offers prompts.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Resources of servers" }));
  expect(await screen.findByRole("listbox", { name: "Resources of servers" })).toBeTruthy();
});

test("by keyboard alone: a prompt with its blanks, completed by its server", async () => {
  const { fake, user } = await open();
  const box = screen.getByRole("textbox", { name: "Message" });
  await user.click(box);
  await user.keyboard("/");
  const list = await screen.findByRole("listbox", { name: "Prompts of servers" });
  expect(await within(list).findAllByRole("option")).toHaveLength(2);
  await isAccessible();
  await user.keyboard("sum{Enter}");
  const form = await screen.findByRole("form", { name: "Fill in summarise_ticket" });
  expect(document.activeElement).toBe(within(form).getByLabelText(/Ticket/));
  await user.keyboard("{Enter}");
  expect(await within(form).findByText("This is needed.")).toBeTruthy();
  await user.keyboard("TKT-0");
  await waitFor(() => expect(form.querySelectorAll("datalist option")).toHaveLength(3));
  await isAccessible();
  await user.keyboard("03{Enter}");
  await waitFor(() => expect((box as HTMLTextAreaElement).value).toBe("Summarise TKT-003 for me."));
  expect(document.activeElement).toBe(box);
  expect(requests(fake, "complete")).toContainEqual({
    server: "ticket",
    blank: { of: "prompt", name: "summarise_ticket", argument: "ticket_id" },
    begun: "TKT-0",
    others: {},
    chat: {},
  });
});

test("by keyboard alone: resources go along as chips and are read when the message is sent", async () => {
  const { fake, user } = await open();
  const box = screen.getByRole("textbox", { name: "Message" }) as HTMLTextAreaElement;
  await user.click(box);
  await user.keyboard("What says @hand");
  expect(await screen.findByRole("option", { name: /Handbook/ })).toBeTruthy();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(box.value).toBe("What says "));
  await user.keyboard("and @number{Tab}");
  await screen.findByRole("form", { name: "Fill in Article by number" });
  await user.keyboard("7{Enter}");
  const chips = await screen.findByRole("list", { name: "Goes along with the message" });
  await waitFor(() => expect(within(chips).getAllByRole("listitem")).toHaveLength(2));
  await isAccessible();
  await user.click(within(chips).getByRole("button", { name: "Leave out Handbook" }));
  await user.click(box);
  await user.keyboard("?{Enter}");
  await waitFor(() => expect(requests(fake, "send_message")).toHaveLength(1));
  const [{ text }] = requests(fake, "send_message") as [{ text: string }];
  expect(text).toContain("What says and ?");
  expect(text).toContain("knowledge · kb://articles/7");
  expect(text).toContain("What stands in it.");
  expect(requests(fake, "read_resource")).toEqual([{ server: "knowledge", uri: "kb://articles/7", chat: {} }]);
});

test("a resource that cannot be read keeps the message", async () => {
  const { fake, user } = await open();
  fake.answers.read_resource = () => {
    throw { code: "serverUnavailable", message: "knowledge does not answer." };
  };
  const box = screen.getByRole("textbox", { name: "Message" }) as HTMLTextAreaElement;
  await user.click(box);
  await user.keyboard("@hand");
  await screen.findByRole("option", { name: /Handbook/ });
  await user.keyboard("{Enter}");
  await screen.findByRole("list", { name: "Goes along with the message" });
  await user.keyboard("hm{Enter}");
  expect(await screen.findByText(/Handbook could not be read/)).toBeTruthy();
  expect(box.value).toBe("hm");
  expect(requests(fake, "send_message")).toEqual([]);
});

test("Escape closes the list and leaves what was typed", async () => {
  const { user } = await open();
  const box = screen.getByRole("textbox", { name: "Message" }) as HTMLTextAreaElement;
  await user.click(box);
  await user.keyboard("/daily");
  await screen.findByRole("option", { name: /daily_tip/ });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("listbox")).toBeNull());
  expect(box.value).toBe("/daily");
});
