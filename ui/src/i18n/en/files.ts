// Files that come with a question.
import { plural } from "../format";

export const files = {
  attach: "Attach",
  attachWhat: "Attach pictures, PDFs, text or code; they can also be pasted or dropped",
  choose: "Files to attach",
  attached: "Attached files",
  withQuestion: "Files with this question",
  reading: (name: string) => `${name} is being read`,
  remove: (name: string) => `Remove ${name}`,
  tooMany: (most: number) => `At most ${most} files come with one question.`,
  tooManyFix: "Remove one first, or send this one with the next question.",
  tooLarge: "It is larger than 20 MB.",
  tooLargeFix: "Attach a smaller one, or a part of it.",
  notRead: "It cannot be read.",
  notReadFix: "A folder cannot be attached; attach the files in it.",
  characters: (count: number) => plural(count, { one: "# character", other: "# characters" }),
  show: (name: string) => `Show what the model reads of ${name}`,
  gone: "This file is not there any more.",
  blind: (model: string) =>
    `${model} cannot look at pictures: it is told their names only. Choose a model that sees to have them looked at.`,
};
