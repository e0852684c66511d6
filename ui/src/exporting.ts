// A conversation as a file: asked for in its menu and in the palette.
import type { ExportFormat } from "./bindings";
import { format, say } from "./i18n";
import type { App } from "./state/app.svelte";

export const FORMATS: readonly ExportFormat[] = ["json", "markdown", "html"];

/** Writes it, and says where it lies then. */
export async function exportConversation(app: App, id: string, kind: ExportFormat): Promise<void> {
  const exported = await app.attempt("export_conversations", { conversations: [id], format: kind });
  if (exported) app.notice = say.data.exported(exported.conversations, format.bytes(exported.bytes), exported.path);
}
