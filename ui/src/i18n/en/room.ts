// When what was said no longer fits into what a model reads.
import { plural } from "../format";

export const room = {
  summedUp: "Earlier messages were summed up",
  did: (turns: number) =>
    `The model could not read everything any more. From here on it is told a summary of ${plural(turns, { one: "the first question and its answer", other: "the first # questions and their answers" })}. Nothing is lost.`,
  undone: "The summary was taken back: the model is told everything again, as far as it can read it.",
  undo: "Tell it everything again",
  show: "What it is told instead",
  more: (size: string) => `Load with ${size} context`,
  loading: "Loading the model",
  loadHint: "LM Studio loads the model again with room for more. It takes more memory.",
  loaded: (size: string) => `Loaded with ${size} context.`,
  inMemory: "Loaded models",
  noneInMemory: "None is loaded. LM Studio loads one when it is first asked.",
  contextOf: (model: string) => `Context of ${model}`,
  load: "Load",
  stranger: (before: string, now: string) => `Answered elsewhere by ${before}. Here ${now} answers.`,
};
