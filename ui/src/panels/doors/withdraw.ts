import type { ErrorReport } from "../../bindings";
import type { App } from "../../state/app.svelte";

/** What is shown where it happened need not stand above everything, too. */
export function withdraw(app: App, shown?: ErrorReport): void {
  const same = app.troubles.filter((each) => each.code === shown?.code && each.message === shown.message);
  same.forEach((each) => app.dismiss(each));
}
