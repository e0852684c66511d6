// The few questions the page asks the outside world. Nothing else in the page knows Tauri.
import type { AppEvent, Commands, ErrorReport, Snapshot } from "../bindings";
import { TauriBackend } from "./tauri";

export interface Backend {
  /** Everything after the snapshot arrives here, in order, nothing twice. */
  subscribe(receive: (events: AppEvent[]) => void): Promise<Snapshot>;
  /** Rejects with an `ErrorReport`. */
  call<Name extends keyof Commands>(name: Name, request: Commands[Name][0]): Promise<Commands[Name][1]>;
}

/** The window's own backend; in a plain browser during development, its scripted twin. */
export async function chooseBackend(): Promise<Backend> {
  if ("__TAURI_INTERNALS__" in window) return new TauriBackend();
  if (import.meta.env.DEV) return (await import("./fake")).fakeFromAddress(location.search);
  throw new Error("Loquat's page runs inside Loquat.");
}

/** Whatever a rejected command threw, as the three-part report that people are shown. */
export function asReport(thrown: unknown): ErrorReport {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    return thrown as ErrorReport;
  }
  return { code: "unknown", message: thrown instanceof Error ? thrown.message : String(thrown) };
}
