import { afterEach, expect, test } from "vitest";
import { speak } from "./index";
import { providerName } from "./providers";

const known = [
  { id: "lmstudio", name: "LM Studio" },
  { id: "practice", name: "Practice model" },
];

afterEach(() => speak("en"));

test("a provider is called by its name, in the language of the page where that is not a name of its own", async () => {
  const names = () => ["lmstudio", "practice", "custom", "chatgpt"].map((id) => providerName(id, known));
  expect(names()).toEqual(["LM Studio", "Practice model", "Your own provider", "chatgpt"]);
  await speak("de");
  expect(names()).toEqual(["LM Studio", "Übungsmodell", "Eigener Anbieter", "chatgpt"]);
});
