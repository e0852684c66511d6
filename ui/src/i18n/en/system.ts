// How Loquat takes part in the person's system.
export const system = {
  system: "System",
  lead: "How Loquat takes part in your system while you do other things.",
  notifications: "Notifications",
  notificationsHint:
    "When a turn ends or a call waits for you while the window is away. They never show what was said.",
  tray: "Icon in the tray",
  trayHint: "Shows in colour and in words whether something is under way or waits for you.",
  trayImpossible: "This system shows none. On Debian it takes the package libayatana-appindicator3-1.",
  login: "Start at login",
  loginHint: "Opens the window when you sign in to this computer.",
  updates: "New versions",
  updatesHint: "Looked for when you click, never by themselves. Only signed ones are installed.",
  updatesImpossible: "This copy was built without an update key, so it never looks for new versions.",
  look: "Look for a new version",
  newest: "This is the newest version.",
  newer: (version: string) => `Version ${version} is there.`,
  install: "Install and restart",
  /** For notifications and the tray; `{}` is filled in outside the page. */
  words: {
    open: "Open Loquat",
    quit: "Quit",
    idle: "Loquat: nothing under way",
    running: "Loquat: {} under way",
    waiting: "Loquat: {} waiting for you",
    answered: "Answered",
    failed: "The turn failed",
    approval: "A call waits for your approval",
    question: "{} asks something",
  },
};
