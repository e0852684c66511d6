import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { FakeBackend } from "../backend/fake";
import { open, requests } from "../test-window";

const sent = (fake: FakeBackend) => requests(fake, "send_message");

test("files are attached, shown, sent, and shown with the question", async () => {
  const { fake, user } = await open();
  expect(screen.getByRole("button", { name: "Attach" })).toBeTruthy();
  const picker = screen.getByLabelText("Files to attach");
  await user.upload(picker, [new File(["x"], "plan.png"), new File(["let a;"], "code.ts")]);
  const list = await screen.findByRole("list", { name: "Attached files" });
  expect(await within(list).findByText("6 characters · 6 B")).toBeTruthy();
  await user.click(within(list).getByRole("button", { name: "Remove code.ts" }));
  const picture = await within(list).findByRole("img", { name: "plan.png" });
  expect(picture.getAttribute("src")).toMatch(/^data:image\/png;base64,/);
  await user.click(screen.getByRole("button", { name: "Send" }));
  await waitFor(() => expect(sent(fake)).toMatchObject([{ text: "", attachments: [expect.any(String)] }]));
  expect(
    await within(await screen.findByRole("article", { name: "You" })).findByRole("img", { name: "plan.png" }),
  ).toBeTruthy();
  expect(screen.queryByRole("list", { name: "Attached files" })).toBeNull();
});

test("what cannot be attached says why, and the rest goes out", async () => {
  const { fake, user } = await open();
  fake.answers.attach = ({ name }) => {
    throw {
      code: "invalidInput",
      message: `${name} cannot be attached.`,
      cause: "It is empty.",
      fix: "Attach another.",
    };
  };
  await user.upload(screen.getByLabelText("Files to attach"), new File([""], "empty.txt"));
  const list = await screen.findByRole("list", { name: "Attached files" });
  expect(await within(list).findByText(/empty\.txt cannot be attached\./)).toBeTruthy();
  expect(list.textContent).toContain("It is empty. Attach another.");
  await user.type(screen.getByRole("textbox", { name: "Message" }), "hello{Enter}");
  await waitFor(() => expect(sent(fake)).toMatchObject([{ text: "hello", attachments: [] }]));
});

test("files are pasted, and no more than come with one question", async () => {
  await open();
  const files = Array.from({ length: 11 }, (_, at) => new File(["x"], `${at}.txt`));
  await fireEvent.paste(screen.getByRole("textbox", { name: "Message" }), { clipboardData: { files } });
  expect(await screen.findByText(/10\.txt: At most 10 files/)).toBeTruthy();
});

test("files are dropped anywhere on the window, but not through the settings", async () => {
  const { app } = await open();
  const dropped = (name: string) => ({ dataTransfer: { types: ["Files"], files: [new File(["x"], name)] } });
  app.panel = "data";
  await screen.findByRole("heading", { name: "Data" });
  expect(await fireEvent.drop(document.body, dropped("behind.txt"))).toBe(false);
  app.panel = undefined;
  await fireEvent.drop(document.body, dropped("notes.txt"));
  const list = await screen.findByRole("list", { name: "Attached files" });
  expect(await within(list).findByText("notes.txt")).toBeTruthy();
  expect(within(list).queryByText("behind.txt")).toBeNull();
});

test("names of files hide nothing, run nothing and stay in their place", async () => {
  const { user } = await open();
  const names = [
    "exe.\u202egpj.txt",
    "<img src=x onerror=alert(1)>.txt",
    "a\u200bb\u0007.txt",
    `${"long".repeat(200)}.txt`,
  ];
  await user.upload(
    screen.getByLabelText("Files to attach"),
    names.map((name) => new File(["x"], name)),
  );
  const list = await screen.findByRole("list", { name: "Attached files" });
  await waitFor(() => expect(within(list).getAllByText("1 character · 1 B")).toHaveLength(4));
  expect(list.textContent).toContain("exe.⟨U+202E⟩gpj.txt");
  expect(list.textContent).toContain("<img src=x onerror=alert(1)>.txt");
  expect(list.textContent).toContain("a⟨U+200B⟩b⟨U+0007⟩.txt");
  expect(list.querySelector("img")).toBeNull();
  const told = [...list.querySelectorAll("[title], [aria-label]")]
    .map((each) => `${each.getAttribute("title")}${each.getAttribute("aria-label")}`)
    .join();
  for (const hidden of ["\u202e", "\u200b", "\u0007"]) expect(told).not.toContain(hidden);
});
