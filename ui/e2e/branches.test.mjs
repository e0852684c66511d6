// Another question, another answer, and the way back: nothing is lost, also over a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { App, until } from "./app.mjs";
import { saying, startModel } from "./model.mjs";

/** What the model was told by people, in the last request. */
const heard = (model) =>
  model.requests
    .at(-1)
    .body.messages.filter(({ role }) => role === "user")
    .map(({ content }) => content);

test("a question is edited, an answer asked for once more, and every version can be looked at again", async () => {
  const model = await startModel(["first answer", "second answer", "edited answer", "another answer"].map((words) => saying(words)));
  const app = await App.open({ settings: model.settings });
  try {
    await app.ask("What is the plan?");
    await app.sees("first answer", "[role=log]");
    await app.idle();
    await app.ask("And then?");
    await app.sees("second answer", "[role=log]");
    await app.idle();

    // The first question in other words: what followed it is another branch.
    await app.press("Edit");
    await app.fill("Message to ask instead", "What is the better plan?");
    await app.driver.click(await app.find("article button", "Send"));
    await app.sees("edited answer", "[role=log]");
    await app.idle();
    assert.deepEqual(heard(model), ["What is the better plan?"]);
    assert.ok(!(await app.text("[role=log]")).includes("second answer"));
    await app.sees("2/2", "[role=log]");
    await app.shot("branch-edited");

    await app.press("Regenerate");
    await app.sees("another answer", "[role=log]");
    await app.idle();
    assert.deepEqual(heard(model), ["What is the better plan?"]);

    await app.press("Previous version");
    await app.sees("second answer", "[role=log]");
    assert.ok((await app.text("[role=log]")).includes("What is the plan?"));
    await app.shot("branch-back");

    // The branch that was looked at is there after the next start, and so is the other one.
    await app.close({ keep: true });
    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await app.driver.click(await app.find("[data-conversation]", ""));
    await app.sees("second answer", "[role=log]");
    const forward = await app.button("Next version");
    await app.driver.run("arguments[0].focus()", forward);
    await app.keys("\uE007");
    await app.sees("another answer", "[role=log]");
    await until("the focus on the way back", () => app.driver.run("return document.activeElement.getAttribute('aria-label') === 'Previous version'"));
  } finally {
    await app.close();
    model.stop();
  }
});

test("what was said on another branch is found, and the page goes there", async () => {
  const model = await startModel(["about zebras", "about okapis", "about tapirs"].map((words) => saying(words)));
  const app = await App.open({ settings: model.settings });
  try {
    await app.ask("Which animal is striped?");
    await app.sees("about zebras", "[role=log]");
    await app.idle();
    // The model that answered names the conversation, beside everything else.
    await app.sees("A title by the model", "nav, aside, .side");
    await app.press("Edit");
    await app.fill("Message to ask instead", "Which animal is shy?");
    await app.driver.click(await app.find("article button", "Send"));
    await app.sees("about okapis", "[role=log]");
    await app.idle();
    await app.press("New chat");
    await app.ask("And which one swims?");
    await app.sees("about tapirs", "[role=log]");
    await app.idle();

    await app.keys("\uE009", "k");
    await app.fill("Search conversations", "zebras");
    const hit = "return [...document.querySelectorAll('[role=option]')].find((each) => each.innerText.includes('zebras')) ?? null";
    await app.driver.click(await until("a hit", () => app.driver.run(hit)));
    await app.sees("about zebras", "[role=log]");
    assert.ok((await app.text("[role=log]")).includes("Which animal is striped?"));
    await until("nothing of the other branch", async () => !(await app.text("[role=log]")).includes("okapis"));
    await until("the mark on what was found", () =>
      app.driver.run("return CSS.highlights?.get('found')?.size > 0 || document.querySelector('[data-found]') !== null"),
    );
    await app.shot("search-jump");
  } finally {
    await app.close();
    model.stop();
  }
});

test("a conversation that grew too long is summed up, says so, and takes it back at a word", async () => {
  const tooLong = ({ refuse }) => refuse(400, { error: { message: "too long", code: "context_length_exceeded" } });
  const model = await startModel([saying("first answer"), tooLong, saying("They said first."), saying("second answer"), saying("third answer")]);
  const app = await App.open({ settings: model.settings });
  try {
    await app.ask("One?");
    await app.sees("first answer", "[role=log]");
    await app.idle();
    await app.ask("Two?");
    await app.sees("second answer", "[role=log]");
    await app.sees("The model could not read everything any more", "[role=log]");
    await app.idle();
    await app.shot("condensed");
    await app.press("Tell it everything again");
    await app.sees("The summary was taken back", "[role=log]");
    await app.ask("Three?");
    await app.sees("third answer", "[role=log]");
    assert.deepEqual(heard(model), ["One?", "Two?", "Three?"]);
  } finally {
    await app.close();
    model.stop();
  }
});
