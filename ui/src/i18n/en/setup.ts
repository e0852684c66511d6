// How servers are taken over, dealt with and started.
import { plural } from "../format";

export const serverSettings = {
  tab: "Settings",
  startTimeout: "Seconds to start",
  callTimeout: "Seconds of silence",
  callLimit: "Seconds per call",
  parallel: "Calls at once",
  hints: {
    startTimeout: "First downloads take long.",
    callTimeout: "A call that says nothing for so long is given up. Progress begins it anew.",
    callLimit: "No call may take longer altogether.",
    parallel: "More wait for their turn.",
  },
  era: "Protocol",
  eraHint: "Found out by itself; choose only where that fails.",
  eras: { auto: "By itself", legacy: "Legacy", modern: "Modern" },
  ca: "Certificates",
  caHint: "A file with certificates to trust besides the system's.",
};

export const launch = {
  title: "How it is started",
  line: "command line",
  program: "Program",
  notFound: (command: string) => `${command}: not found`,
  folder: "Folder",
  variables: "Variables",
  path: "Where programs are looked for",
  sandbox: "Sandbox",
  noSandbox: "None: it may do what you may do.",
  reads: (folders: string) => `Reads ${folders}.`,
  writes: (folders: string) => `Changes ${folders}.`,
  network: "Uses the network.",
  noNetwork: "No network.",
};

export const importing = {
  open: "Import from Claude Desktop, Cursor…",
  title: "Take over servers of another program",
  path: "A file, such as ~/.cursor/mcp.json",
  look: "Look at it",
  unreadable: "cannot be read",
  servers: (count: number) => plural(count, { one: "# server", other: "# servers" }),
  found: "What is in it",
  nothing: "There are no servers in it.",
  fates: {
    added: "new",
    renamed: "renamed",
    alreadyThere: "there already",
    unusable: "cannot be used",
  },
  renamed: (name: string) => `becomes ${name}`,
  secrets: "Goes to the keychain:",
  lacks: (what: string) => `You still have to give: ${what}`,
  take: (count: number) => plural(count, { one: "Take over # server", other: "Take over # servers" }),
  asksFirst: "Programs ask once more before they first run.",
};
