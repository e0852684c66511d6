import type { ErrorCode } from "../../bindings";

/** What happened, in a few words, before the words of what it happened in; those are English already. */
export const errors: Partial<Record<ErrorCode, string>> = {};
