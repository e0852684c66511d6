// Loading models with more context: one at a time, by whoever offers it.
import { asReport, type Backend } from "../backend";
import type { ErrorReport, ModelRef } from "../bindings";
import type { Models } from "./models.svelte";

export class Loading {
  /** What is being loaded just now. */
  model = $state.raw<string>();
  error = $state.raw<ErrorReport>();
  /** What was loaded last, with how much it reads. */
  done = $state.raw<{ model: string; context: number }>();

  constructor(
    private readonly backend: Backend,
    private readonly models: Models,
  ) {}

  /** Answers whether it is loaded now. */
  async load(model: ModelRef, context: number): Promise<boolean> {
    if (this.model !== undefined) return false;
    this.model = model.model;
    this.error = undefined;
    this.done = undefined;
    try {
      await this.backend.call("load_model", { model, context });
      this.done = { model: model.model, context };
    } catch (thrown) {
      this.error = asReport(thrown);
    }
    this.model = undefined;
    await this.models.ask(model.provider);
    return this.done !== undefined;
  }
}
