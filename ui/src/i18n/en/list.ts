// The list of conversations.
export const list = {
  pinned: "Pinned",
  pin: "Pin",
  unpin: "Unpin",
  duplicate: "Duplicate",
  fork: "Continue from here in a new chat",
  deleted: "Deleted conversations",
  deletedHint: "They stay for 30 days and can be brought back. Then they are gone for good.",
  nothingDeleted: "None.",
  goneIn: (time: string) => `gone in ${time}`,
  bringBack: "Bring back",
  bringBackOne: (title: string) => `Bring back “${title}”`,
  titles: "Name conversations",
  titlesHint:
    "The model that answered first finds a title: one more, short request. Otherwise the question is the title.",
};
