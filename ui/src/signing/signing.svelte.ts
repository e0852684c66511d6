// One click that signs in: what it asks for, where it stands, and what helps where it fails.
import { asReport } from "../backend";
import type { Remedy, SignInStep } from "../bindings";
import type { App } from "../state/app.svelte";

export class Signing {
  busy = $state(false);
  /** The link that this click has opened already. */
  private opened = "";
  /** Whose sign-in it is. */
  private account: string | undefined;

  constructor(
    private readonly app: App,
    private readonly server: () => string,
  ) {}

  get steps(): SignInStep[] {
    return this.app.signIns[this.server()] ?? [];
  }

  get failed(): SignInStep | undefined {
    return this.busy ? undefined : this.steps.find(({ state }) => state === "failed");
  }

  async start(account?: string): Promise<void> {
    this.busy = true;
    this.opened = "";
    this.account = account;
    try {
      await this.app.backend.call("sign_in", { server: this.server(), account });
    } catch (thrown) {
      const error = asReport(thrown);
      // The step that failed says so itself, a moment later.
      if (error.code !== "signInRequired" && error.code !== "interrupted") this.app.complain(error);
    }
    this.busy = false;
  }

  stop(): void {
    void this.app.attempt("stop_sign_in", this.server());
  }

  /** Opens the link to which this click has led, once. */
  follow(): void {
    const link = this.steps.find(({ step, state }) => step === "consent" && state === "running")?.link;
    if (!this.busy || !link || link === this.opened) return;
    this.opened = link;
    void this.app.attempt("open_link", link);
  }

  /** Does what helps, and tries again. */
  async mend(remedy: Remedy, client?: { id: string; secret: string }): Promise<void> {
    const done = await this.applied(remedy, client);
    if (done !== undefined) await this.start(this.account);
  }

  private applied(remedy: Remedy, client?: { id: string; secret: string }) {
    const server = this.server();
    switch (remedy.remedy) {
      case "resetRegistration":
        return this.app.attempt("reset_registration", server);
      case "trustIssuer":
        return this.app.attempt("trust_issuer", { server, issuer: remedy.issuer });
      case "useResource":
        return this.app.attempt("use_resource", { server, resource: remedy.resource });
      case "useClient":
        return this.app.attempt("use_client", { server, id: client?.id ?? "", secret: client?.secret || undefined });
    }
  }
}

/** Everything that was told, to be shown to somebody who can help. Secrets were masked before they came here. */
export function report(server: string, steps: SignInStep[]): string {
  const lines = steps.map((step) =>
    [
      `${step.state}: ${step.step}${step.ms === undefined ? "" : ` (${step.ms} ms)`}`,
      step.meaning,
      step.fix ?? "",
      ...step.exchange.map((line) => `  ${line}`),
    ]
      .filter(Boolean)
      .join("\n"),
  );
  return [server, ...lines].join("\n\n");
}
