import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";
import type { Field } from "../../bindings";
import { ask, isAccessible, open, requests } from "../../test-window";
import { contentOf, problemsOf, startOf, titled } from "./form";

const field = (name: string, kind: Field["kind"], required = false): Field => ({
  name,
  title: name.toUpperCase(),
  description: "",
  required,
  secret: false,
  kind,
});

describe("a form", () => {
  const kinds: [string, Field["kind"], boolean, unknown, string | undefined][] = [
    ["a text that is needed", { type: "text" }, true, "", "This is needed."],
    ["a text that is short", { type: "text", min: 2 }, false, "a", "At least 2 characters."],
    ["a text that is long", { type: "text", max: 1 }, false, "ab", "At most 1 character."],
    ["one character outside the basic plane", { type: "text", max: 1 }, false, "🍊", undefined],
    ["no address", { type: "text", format: "email" }, false, "ann@", "An e-mail address, such as ann@example.com."],
    ["an address", { type: "text", format: "email" }, false, "ann@example.com", undefined],
    ["no page", { type: "text", format: "uri" }, false, "example", "A web address, such as https://example.com."],
    ["a page", { type: "text", format: "uri" }, false, "https://example.com", undefined],
    ["no day", { type: "text", format: "date" }, false, "2026-13-01", "A day, such as 2026-07-28."],
    ["a day", { type: "text", format: "date" }, false, "2026-07-28", undefined],
    ["no moment", { type: "text", format: "date-time" }, false, "2026-07-28", "A time, such as 2026-07-28T09:30:00Z."],
    ["a moment", { type: "text", format: "date-time" }, false, "2026-07-28T09:30:00+02:00", undefined],
    ["no number", { type: "number", integer: false }, false, "many", "A number."],
    ["no whole number", { type: "number", integer: true }, false, "1.5", "A whole number."],
    ["too little", { type: "number", integer: true, min: 1 }, false, "0", "At least 1."],
    ["too much", { type: "number", integer: true, max: 8 }, false, "9", "At most 8."],
    ["nothing chosen", { type: "choice", options: [] }, true, "", "This is needed."],
    ["too few chosen", { type: "choices", options: [], min: 2, default: [] }, false, ["a"], "Choose at least 2."],
    ["too many chosen", { type: "choices", options: [], max: 1, default: [] }, false, ["a", "b"], "Choose at most 1."],
    ["broken JSON", { type: "json" }, false, "{", "This is not valid JSON."],
    ["a switch that is off", { type: "switch" }, true, false, undefined],
  ];
  test.each(kinds)("%s", (_, kind, required, value, problem) => {
    expect(problemsOf([field("it", kind, required)], { it: value }).it).toBe(problem);
  });

  test("starts with its defaults and sends what is in it, nothing where it was emptied", () => {
    const fields = [
      field("name", { type: "text", default: "Ann" }),
      field("age", { type: "number", integer: true, default: 42 }),
      field("on", { type: "switch" }),
      field("colour", { type: "choice", options: [], default: "red" }),
      field("many", { type: "choices", options: [], default: ["a"] }),
      field("any", { type: "json", default: { x: 1 } }),
    ];
    const values = startOf(fields);
    expect(contentOf(fields, values)).toEqual({
      name: "Ann",
      age: 42,
      on: false,
      colour: "red",
      many: ["a"],
      any: { x: 1 },
    });
    const emptied = { name: "", age: "7", on: true, colour: "", many: [], any: "" };
    expect(contentOf(fields, emptied)).toEqual({ name: null, age: 7, on: true, colour: null, many: [], any: null });
    expect(titled(fields, { name: "Ann", other: 1 })).toEqual({ NAME: "Ann", other: 1 });
  });

  test("is read afterwards in the words that were chosen", () => {
    const options = [
      { value: "hero-1", title: "Superman" },
      { value: "hero-2", title: "Wonder Woman" },
    ];
    const fields = [
      field("one", { type: "choice", options }),
      field("many", { type: "choices", options, default: [] }),
    ];
    const given = { one: "hero-2", many: ["hero-1", "somebody"] };
    expect(titled(fields, given)).toEqual({ ONE: "Wonder Woman", MANY: ["Superman", "somebody"] });
  });
});

test("a server's form: what is wrong stands beside the field, and nothing leaves before it is right", async () => {
  const { fake, user } = await open();
  await ask(user, "ask me");
  const card = await screen.findByRole("group", { name: "Question" });
  expect(card.textContent).toContain("everything asks");
  expect(document.activeElement).toBe(card);
  expect(within(card).queryByLabelText("Password")).toBeNull();
  expect(card.textContent).toContain("This looks like a secret.");
  await isAccessible();
  await user.type(within(card).getByLabelText("E-mail"), "ann");
  await user.click(within(card).getByRole("button", { name: "Submit" }));
  expect(await within(card).findByText("This is needed.")).toBeTruthy();
  expect(card.textContent).toContain("2 fields are not right yet.");
  expect(document.activeElement).toBe(within(card).getByLabelText(/Your name/));
  await isAccessible();
  expect(requests(fake, "answer_question")).toEqual([]);
  await user.keyboard("Ann");
  await user.type(within(card).getByLabelText("E-mail"), "@example.com");
  await user.selectOptions(within(card).getByLabelText("Colour"), "Blue");
  await user.click(within(card).getByLabelText("Green"));
  await user.click(within(card).getByLabelText("Vegetarian"));
  await user.click(within(card).getByRole("button", { name: "Submit" }));
  const content = {
    name: "Ann",
    email: "ann@example.com",
    born: null,
    guests: 2,
    vegetarian: true,
    colour: "blue",
    more: ["red", "green"],
    password: null,
  };
  await waitFor(() => expect(requests(fake, "answer_question")).toMatchObject([{ answer: { content } }]));
  expect(await screen.findByText("Thank you.")).toBeTruthy();
  expect(screen.getByRole("group", { name: "Question" }).textContent).toContain("ann@example.com");
});

test("a form that is refused all the same says why, and stays", async () => {
  const { fake, user } = await open((backend) => {
    backend.snapshot.settings.settings.model = { provider: "practice", model: "practice" };
    backend.answers.answer_question = () => {
      throw { code: "invalidInput", message: "The form cannot be sent like this.", cause: "Your name: odd." };
    };
  });
  await ask(user, "ask me");
  const card = await screen.findByRole("group", { name: "Question" });
  await user.type(within(card).getByLabelText(/Your name/), "Ann{Enter}");
  expect(await within(card).findByText("Your name: odd.")).toBeTruthy();
  fake.answers = {};
  await user.click(within(card).getByRole("button", { name: "Decline" }));
  expect(await screen.findByText("Declined")).toBeTruthy();
});

test("a page to visit shows its host, and opens by a click only", async () => {
  const { fake, user } = await open();
  await ask(user, "send me");
  const card = await screen.findByRole("group", { name: "Question" });
  expect(card.textContent).toContain("pay.example.com");
  expect(requests(fake, "open_link")).toEqual([]);
  expect(within(card).queryByRole("button", { name: "I am done there" })).toBeNull();
  await isAccessible();
  await user.click(within(card).getByRole("button", { name: "Open in the browser" }));
  expect(requests(fake, "open_link")).toEqual(["https://pay.example.com/now?id=7"]);
  await user.click(await within(card).findByRole("button", { name: "I am done there" }));
  expect(await screen.findByText("Thank you.")).toBeTruthy();
});

test("sampling shows everything that would be sent, and the person chooses who writes", async () => {
  const { fake, user } = await open();
  await ask(user, "sample me");
  const card = await screen.findByRole("group", { name: "Question" });
  for (const words of ["You are a poet.", "Write a haiku about tickets.", "at most 200 tokens", "claude, gpt"]) {
    expect(card.textContent).toContain(words);
  }
  await isAccessible();
  await user.click(within(card).getByRole("button", { name: "Model" }));
  const picker = await within(card).findByRole("dialog", { name: "Model" });
  await user.click(await within(picker).findByRole("button", { name: /gemma-3-12b/ }));
  await user.click(within(card).getByRole("button", { name: "Allow once" }));
  const model = { provider: "lmstudio", model: "gemma-3-12b" };
  await waitFor(() => expect(requests(fake, "answer_question")).toMatchObject([{ answer: { model } }]));
  expect(await screen.findByText("A short haiku about tickets.")).toBeTruthy();
});

test("more rights: which are new, which tool wants them, and one click to allow them", async () => {
  const { fake, user } = await open((backend) => {
    const [helpDesk] = backend.snapshot.servers;
    if (helpDesk) backend.snapshot.servers.push({ ...helpDesk, name: "everything", bundled: false });
    backend.snapshot.settings.settings.model = { provider: "practice", model: "practice" };
  });
  await ask(user, "rights me");
  const card = await screen.findByRole("group", { name: "Question" });
  expect(card.textContent).toContain("everything wants more rights");
  expect(card.textContent).toContain("share_file wants rights that you have not given yet");
  const rights = within(card).getByRole("list", { name: "New rights" });
  expect(
    within(rights)
      .getAllByRole("listitem")
      .map((each) => each.textContent),
  ).toEqual(["files:share new", "people:read new"]);
  expect(card.textContent).toContain("You have given already: files:read.");
  await isAccessible();
  expect(requests(fake, "sign_in")).toEqual([]);
  await user.click(within(card).getByRole("button", { name: "Go and allow them" }));
  expect(requests(fake, "sign_in")).toEqual([{ server: "everything", account: "work" }]);
  await user.click(within(card).getByRole("button", { name: "Not now" }));
  expect(await screen.findByText("Declined")).toBeTruthy();
});
