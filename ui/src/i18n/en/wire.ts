// What crossed the wire.
export const wire = {
  wire: "Wire",
  lead: "Every message as it went by, newest first. Secrets are masked before they come here.",
  way: "Which way",
  ways: { both: "Both ways", out: "Sent", in: "Received" },
  filter: "Find on the wire",
  again: "Look again",
  copyAll: "Copy all",
  sent: "Sent",
  received: "Received",
  answer: "result",
  failedAnswer: "result, failed",
  error: "error",
  cut: "It was long: this is its beginning.",
  none: "Nothing has crossed the wire since it was started.",
};
