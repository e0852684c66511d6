import type { ErrorReport } from "./bindings";

/** What went wrong, told by the engine, or by the window in its own language. */
export interface Report extends ErrorReport {
  own?: boolean;
}
