// Files that will come with the next question. Each is read and kept the moment it is attached.
import type { Attachment, ErrorReport } from "../bindings";
import { asReport, type Backend } from "../backend";

export const MOST_FILES = 10;
const MOST_BYTES = 20 * 1024 * 1024;

/** Why a file is not even taken. */
export type Refusal = "tooMany" | "tooLarge" | "notRead";

export interface Attaching {
  key: number;
  name: string;
  /** There once it is kept. */
  file?: Attachment;
  refusal?: Refusal;
  /** What the engine said against it. */
  error?: ErrorReport;
}

export class Files {
  list = $state.raw<Attaching[]>([]);
  private keys = 0;

  constructor(private readonly backend: Backend) {}

  readonly ready = $derived(this.list.flatMap((each) => (each.file ? [each.file.id] : [])));
  readonly busy = $derived(this.list.some((each) => !each.file && !each.error && !each.refusal));
  readonly withPicture = $derived(this.list.some((each) => each.file?.kind.is === "image"));

  async add(files: Iterable<File>): Promise<void> {
    await Promise.all([...files].map((file) => this.take(file)));
  }

  /** Takes files that are pasted or dropped; answers whether there were any, as words go where they always go. */
  bring(event: ClipboardEvent | DragEvent): boolean {
    const brought = "clipboardData" in event ? event.clipboardData : event.dataTransfer;
    if (!brought || brought.files.length === 0) return false;
    event.preventDefault();
    void this.add(brought.files);
    return true;
  }

  remove(key: number): void {
    this.list = this.list.filter((each) => each.key !== key);
  }

  /** Takes them all away to be sent; `back` brings them back where they were not sent after all. */
  leave(): { ids: string[]; back: () => void } {
    const [ids, taken] = [this.ready, this.list.filter((each) => each.file)];
    this.list = [];
    return { ids, back: () => (this.list = [...taken, ...this.list]) };
  }

  private async take(file: File): Promise<void> {
    const key = (this.keys += 1);
    const taken = this.list.filter((each) => !each.error && !each.refusal).length;
    const refusal = taken >= MOST_FILES ? "tooMany" : file.size > MOST_BYTES ? "tooLarge" : undefined;
    this.list = [...this.list, { key, name: file.name, refusal }];
    if (refusal) return;
    const data = await base64(file);
    if (data === undefined) {
      this.change(key, { refusal: "notRead" });
      return;
    }
    try {
      this.change(key, { file: await this.backend.call("attach", { name: file.name, data }) });
    } catch (thrown) {
      this.change(key, { error: asReport(thrown) });
    }
  }

  private change(key: number, part: Partial<Attaching>): void {
    this.list = this.list.map((each) => (each.key === key ? { ...each, ...part } : each));
  }
}

/** Nothing where it cannot be read, as with a folder that was dropped. */
function base64(file: File): Promise<string | undefined> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,?/, ""));
    reader.onerror = () => resolve(undefined);
    reader.readAsDataURL(file);
  });
}
