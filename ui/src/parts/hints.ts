// What a server says of its tool, in a few words. The server's word, nothing more.
import type { ToolHints } from "../bindings";
import { say } from "../i18n";

export function hintsOf({ stated, readOnly, destructive, idempotent, openWorld }: ToolHints): string[] {
  if (!stated) return [say.approval.silent];
  const outside = openWorld ? [say.approval.openWorld] : [];
  if (readOnly) return [say.approval.readOnly, ...outside];
  const words = [destructive ? say.approval.destructive : say.approval.changes];
  if (idempotent) words.push(say.approval.idempotent);
  return [...words, ...outside];
}
