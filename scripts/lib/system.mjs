// What must be on the machine before anything can be built: compilers, and the system's packages.
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { program, root } from "./paths.mjs";
import { must, run } from "./run.mjs";
import { say, Trouble } from "./say.mjs";

const compile = ["build-essential", "pkg-config", "curl", "file", "ca-certificates"];
const keychain = ["dbus", "gnome-keyring"];
/** Reads the window as a screen reader does. */
const screenReader = ["at-spi2-core", "gir1.2-atspi-2.0", "python3-gi"];
const fonts = ["fonts-dejavu-core", "fonts-noto-color-emoji"];
/** What the copies of a door share; each test starts its own. */
const databases = ["postgresql", "redis-server"];
/** Debian's packages by what they are for. */
export const packages = {
  terminal: compile,
  window: [...compile, "libwebkit2gtk-4.1-dev", "xdg-utils"],
  /** What the package maker looks for, since the icon in the tray is loaded from it where it is there. */
  bundle: ["libayatana-appindicator3-dev"],
  keychain,
  databases,
  tests: [...keychain, ...screenReader, "webkit2gtk-driver", "xvfb", "xauth", ...fonts],
};

/** Whether a program can be started by its name. */
export function onPath(name) {
  return (process.env.PATH ?? "").split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program(name)), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Fails unless the compilers are there and new enough. */
export async function needCompilers() {
  needNode(process.versions.node);
  const cargoHome = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
  // A shell opened before Rust was installed does not know it yet.
  if (!onPath("cargo")) process.env.PATH = `${process.env.PATH ?? ""}${delimiter}${cargoHome}`;
  const { code, text } = await run("rustc", ["--version"], { quiet: true });
  const wanted = /^rust-version = "(.+)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))[1];
  if (code !== 0 || !onPath("cargo")) {
    const now = "Install Rust as https://rustup.rs describes, open a new terminal, and run this again.";
    throw new Trouble("Rust is not installed.", "`rustc` and `cargo` are not on the PATH.", now);
  }
  const found = /rustc (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? "0";
  if (!atLeast(found, wanted)) {
    const now = "Run `rustup update stable` (or install a newer Rust), then this again.";
    throw new Trouble("This Rust is too old.", `Loquat needs ${wanted} or newer; this is ${found}.`, now);
  }
}

export function needNode(found) {
  if (atLeast(found, "20.19")) return;
  const now = "Install Node.js 20.19 or newer from https://nodejs.org, and run this again.";
  throw new Trouble("This Node.js is too old.", `Loquat needs 20.19 or newer; this is ${found}.`, now);
}

/** Whether version `found` is `wanted` or newer. */
export function atLeast(found, wanted) {
  const [have, want] = [found, wanted].map((version) => version.split(".").map(Number));
  for (const [place, number] of want.entries()) {
    const ours = have[place] ?? 0;
    if (ours !== number) return ours > number;
  }
  return true;
}

/** Installs the system's packages that are missing, or says how. */
export async function needPackages(wanted) {
  if (process.platform !== "linux") return;
  if (!onPath("apt-get") || !onPath("dpkg-query")) return lookForOurselves(wanted);
  const missing = await notInstalled(wanted);
  if (missing.length === 0) return;
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  const as = await administrator();
  if (!as) {
    const line = `sudo apt-get update && sudo apt-get ${install.join(" ")}`;
    const why = `Missing: ${missing.join(", ")}. Installing needs an administrator, and sudo asks for a password.`;
    throw new Trouble(
      "Some system packages are missing.",
      why,
      `Run this line, then this command again:\n\n    ${line}\n`,
    );
  }
  say(`Installing system packages: ${missing.join(", ")}.`);
  const [first, ...rest] = [...as, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
  await must("The list of packages could not be brought up to date.", first, [...rest, "update"], { quiet: true });
  await must("The system packages could not be installed.", first, [...rest, ...install], { quiet: true });
}

/** Whether the window could be built here as things are. */
export async function hasWebView() {
  if (process.platform !== "linux") return true;
  if (!onPath("pkg-config")) return false;
  const { code } = await run("pkg-config", ["--exists", "webkit2gtk-4.1"], { quiet: true });
  return code === 0;
}

async function notInstalled(wanted) {
  const { text } = await run("dpkg-query", ["-W", "-f=${Package} ${db:Status-Status}\n", ...wanted], { quiet: true });
  const installed = new Set(text.split("\n").filter((line) => line.endsWith(" installed")));
  return wanted.filter((name) => !installed.has(`${name} installed`));
}

/** What to put before a command so that it may change the system; nothing if it may not. */
async function administrator() {
  if (process.getuid() === 0) return [];
  if (!onPath("sudo")) return undefined;
  const { code } = await run("sudo", ["-n", "true"], { quiet: true });
  return code === 0 ? ["sudo", "-n"] : undefined;
}

/** On a system whose packages we cannot name, looks for what those packages would bring. */
async function lookForOurselves(wanted) {
  const programs = { "build-essential": "cc", "webkit2gtk-driver": "WebKitWebDriver", xvfb: "Xvfb" };
  Object.assign(programs, { dbus: "dbus-run-session", "gnome-keyring": "gnome-keyring-daemon" });
  Object.assign(programs, { postgresql: "initdb", "redis-server": "redis-server" });
  const missing = wanted.filter((name) => programs[name] && !onPath(programs[name]));
  if (wanted.includes("libwebkit2gtk-4.1-dev") && !(await hasWebView())) missing.push("libwebkit2gtk-4.1-dev");
  if (missing.length === 0) return;
  const why = `This system has no apt, so its packages cannot be named here. By Debian's names: ${missing.join(", ")}.`;
  throw new Trouble(
    "Some system packages are missing.",
    why,
    "Install this system's equivalents, then run this again.",
  );
}
