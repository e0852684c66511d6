// A desktop of its own for tests: screen, bus and keychain, apart from the person's, and gone afterwards.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { end, marked, start, temporaryDirectory } from "./run.mjs";
import { Trouble } from "./say.mjs";

/** Opens the keychain of the new bus, then becomes the program that needs it. */
const unlockAndRun = 'printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"';

/** Whether a window can be shown here. */
export function hasDisplay() {
  if (process.platform !== "linux") return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/**
 * Calls `body` with a desktop: `env` for programs, and `within(command, ...args)`, which is how to
 * start one so that it finds bus and keychain. The screen has that size, in pixels.
 */
export async function withDesktop(body, size = { width: 1280, height: 900 }) {
  const screen = await openScreen(size);
  const within = (...line) => ["dbus-run-session", ["--", "sh", "-c", unlockAndRun, "sh", ...line]];
  try {
    return await body({ env: environment(screen.display), within });
  } finally {
    await end(screen.child);
  }
}

/** Starts Xvfb on a free display, which it chooses itself and writes to descriptor 3. */
async function openScreen({ width, height }) {
  const args = ["-displayfd", "3", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"];
  const child = start("Xvfb", args, {
    env: { ...process.env, ...marked },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => (said += text));
  let display = "";
  const chosen = new Promise((resolve) => {
    child.stdio[3]?.setEncoding("utf8").on("data", (text) => {
      display += text;
      if (display.endsWith("\n")) resolve();
    });
  });
  await Promise.race([chosen, child.ended]);
  if (display.trim()) return { child, display: `:${display.trim()}` };
  const { code, error } = await child.ended;
  const why = error?.message ?? `Xvfb ended with exit code ${code}. ${said.trim()}`;
  throw new Trouble(
    "There is no screen for the window tests.",
    why,
    "Check that `Xvfb :99` starts, then run this again.",
  );
}

function environment(display) {
  const place = temporaryDirectory();
  const dirs = { XDG_CONFIG_HOME: "config", XDG_DATA_HOME: "data", XDG_CACHE_HOME: "cache", XDG_RUNTIME_DIR: "run" };
  for (const [name, dir] of Object.entries(dirs)) {
    dirs[name] = join(place, dir);
    mkdirSync(dirs[name], { mode: 0o700 });
  }
  const inherited = { ...process.env };
  for (const name of ["WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "LOQUAT_HOME", "OPENAI_API_KEY"]) delete inherited[name];
  return {
    ...inherited,
    ...marked,
    ...dirs,
    DISPLAY: display,
    GDK_BACKEND: "x11",
    // The same words and numbers everywhere.
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    LANGUAGE: "en",
    NO_AT_BRIDGE: "1",
  };
}
