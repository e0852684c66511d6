// The scripted twin's memory of what was deleted, and of what models are told.
import type { Commands, Settings } from "../bindings";
import type { Kept } from "./branches";
import { MODELS } from "./world";

type Names =
  | "removed_conversations"
  | "instructions"
  | "instruct"
  | "fill_blanks"
  | "undo_condensing"
  | "reach_turn"
  | "load_model";
type Living = { [Name in Names]: (request: Commands[Name][0]) => Commands[Name][1] };

const DAY = 86_400_000;

export function livingOf(removed: ReadonlyMap<string, Kept>, settings: () => Settings): Living {
  const own = new Map<string, string>();
  const fill = (words: string) => {
    const variables = settings().variables ?? [];
    const known: Record<string, string> = { date: "2025-03-14", time: "09:26", weekday: "Friday", name: "ann" };
    const value = (name: string) => variables.find((each) => each.name === name)?.value ?? known[name];
    return words.replaceAll(/\{\{\s*(.*?)\s*\}\}/g, (blank, name: string) => value(name) ?? blank);
  };
  return {
    removed_conversations: () =>
      [...removed.values()].map(({ id, title }) => ({
        id,
        title,
        removedAt: Date.now() - 3 * DAY,
        goneAt: Date.now() + 27 * DAY,
      })),
    instructions: (id) => {
      const words = own.get(id ?? "");
      return { own: words, filled: fill(words ?? settings().systemPrompt) };
    },
    instruct: ({ conversation, own: words }) => {
      if (words === undefined) own.delete(conversation);
      else own.set(conversation, words);
      return null;
    },
    fill_blanks: fill,
    undo_condensing: () => null,
    reach_turn: () => false,
    load_model: ({ model, context }) => {
      const loaded = MODELS[model.provider]?.find((each) => each.model.model === model.model);
      if (loaded) loaded.context = context;
      return MODELS[model.provider] ?? [];
    },
  };
}
