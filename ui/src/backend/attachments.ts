// The twin's attached files: a picture is what is called one.
import type { Attachment } from "../bindings";

export class Attachments {
  private readonly held = new Map<string, { file: Attachment; body: string }>();

  keep(name: string, data: string): Attachment {
    const isPicture = /\.(png|jpe?g|gif|webp)$/i.test(name);
    const bytes = atob(data).length;
    const kind: Attachment["kind"] = isPicture
      ? { is: "image", width: 4, height: 3 }
      : { is: "text", characters: bytes };
    const file = { id: `f-${this.held.size + 1}`, name, bytes, kind };
    this.held.set(file.id, { file, body: isPicture ? `data:image/png;base64,${data}` : atob(data) });
    return file;
  }

  of(ids: string[] = []): Attachment[] {
    return ids.flatMap((id) => this.held.get(id)?.file ?? []);
  }

  body(id: string): string {
    return this.held.get(id)?.body ?? "";
  }
}
