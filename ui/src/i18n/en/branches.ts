export const branches = {
  edit: "Edit",
  edited: "Message to ask instead",
  send: "Send",
  copyQuestion: "Copy question",
  regenerate: "Regenerate",
  regenerateWith: "Regenerate with another model",
  wait: "Possible once the answer is complete",
  previous: "Previous version",
  next: "Next version",
  versions: (nth: number, count: number) => `Version ${nth} of ${count}`,
};
