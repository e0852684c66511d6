import type { ToolCall } from "../bindings";
import type { say } from "../i18n";

/** How a call stands, where what was stopped before its end has not failed. */
export function standing(status: ToolCall["status"]): keyof typeof say.call.state {
  return status.state === "failed" && status.error.code === "interrupted" ? "stopped" : status.state;
}
