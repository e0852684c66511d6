// The list of conversations.
export const list = {
  pinned: "Pinned",
  pin: "Pin",
  unpin: "Unpin",
  duplicate: "Duplicate",
  fork: "Continue from here in a new chat",
};
