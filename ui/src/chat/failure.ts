// What the window offers for a failure, by its code.
import type { ErrorCode } from "../bindings";

export type Remedy = "settings" | "servers" | "again" | "none";

export function remedyFor(code: ErrorCode): Remedy {
  switch (code) {
    case "keyRejected":
    case "keyMissing":
    case "quotaExhausted":
    case "keychainUnavailable":
    case "roundLimit":
    case "contextOverflow":
    case "answerTooLong":
      return "settings";
    case "serverUnavailable":
    case "signInRequired":
    case "toolUnknown":
      return "servers";
    case "providerUnreachable":
    case "providerFailed":
    case "rateLimited":
    case "timedOut":
    case "answerCut":
    case "answerFiltered":
    case "interrupted":
    case "unknown":
      return "again";
    case "invalidInput":
    case "notFound":
    case "toolFailed":
    case "argumentsInvalid":
    case "storageFailed":
      return "none";
  }
}
