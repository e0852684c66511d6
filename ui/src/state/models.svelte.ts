// What each provider offers, asked for when somebody looks, and why not where it does not answer.
import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { asReport, type Backend } from "../backend";
import type { ErrorReport, ModelRef, ModelView, ProviderView } from "../bindings";

export type Offer =
  | { state: "asking"; models: ModelView[] }
  | { state: "known"; models: ModelView[] }
  | { state: "failed"; models: []; error: ErrorReport };

/** One provider in a picker. */
export interface Choices {
  id: string;
  name: string;
  state: "asking" | "known" | "failed" | "noAddress" | "noKey";
  problem?: string;
  models: ModelView[];
}

export class Models {
  private offers = new SvelteMap<string, Offer>();
  private asked: Record<string, number> = {};

  constructor(private readonly backend: Backend) {}

  offer(provider: string): Offer | undefined {
    return this.offers.get(provider);
  }

  /** Asks now; what was known stays visible meanwhile, and only the latest answer counts. */
  async ask(provider: string): Promise<Offer> {
    const turn = (this.asked[provider] ?? 0) + 1;
    this.asked[provider] = turn;
    // Whoever asks in an effect must not be run again by the answer.
    const before = untrack(() => this.offers.get(provider));
    this.offers.set(provider, { state: "asking", models: before?.models ?? [] });
    const offer: Offer = await this.backend.call("list_models", provider).then(
      (models): Offer => ({ state: "known", models }),
      (thrown: unknown): Offer => ({ state: "failed", models: [], error: asReport(thrown) }),
    );
    if (this.asked[provider] === turn) this.offers.set(provider, offer);
    return offer;
  }

  /** Every provider with what it offers; one that lacks its address or key is not asked. */
  choices(providers: ProviderView[]): Choices[] {
    return providers.map((provider) => {
      const offer = this.offers.get(provider.id);
      const problem = offer?.state === "failed" ? offer.error.message : undefined;
      const { id, name } = provider;
      const state = lacks(provider) ?? offer?.state ?? "asking";
      return { id, name, state, problem, models: offer?.models ?? [] };
    });
  }

  askAll(providers: ProviderView[]): void {
    for (const provider of providers) if (!lacks(provider)) void this.ask(provider.id);
  }

  view(model: ModelRef): ModelView | undefined {
    const models = this.offers.get(model.provider)?.models ?? [];
    return models.find((view) => view.model.model === model.model);
  }
}

function lacks(provider: ProviderView): "noAddress" | "noKey" | undefined {
  if (!provider.baseUrl && provider.id !== "practice") return "noAddress";
  return provider.needsKey && provider.key.state === "missing" ? "noKey" : undefined;
}
