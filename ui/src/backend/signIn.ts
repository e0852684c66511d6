// Signing in, as the twin does it: the first attempt meets somebody unexpected, the one after trusting them succeeds.
import type { AccountView, AppEvent, ServerAccounts, SignInStep, Snapshot } from "../bindings";

const ISSUER = "https://id.example.com/tenant";
const LINK = `${ISSUER}/authorize?client_id=loquat&state=x`;

export class SignIns {
  private trusted = false;
  private readonly accounts = new Map<string, AccountView[]>();

  constructor(
    private readonly snapshot: Snapshot,
    private readonly emit: (...events: AppEvent[]) => void,
  ) {}

  readonly answers = {
    sign_in: ({ server, account }: { server: string; account?: string }) => {
      const step = (it: Omit<SignInStep, "exchange"> & { exchange?: string[] }) =>
        this.emit({ type: "signIn", server, step: { exchange: [], ...it } });
      step({ step: "reach", state: "done", meaning: "The server is there and asks for a sign-in." });
      step({ step: "tls", state: "done", meaning: "The way there is encrypted." });
      if (!this.trusted) {
        const meaning = `The server names https://id.example.com as the one who signs people in, but that one calls itself ${ISSUER}.`;
        const exchange = ["→ GET https://id.example.com/.well-known/oauth-authorization-server", "← 200"];
        const fix = `If you trust ${ISSUER} to sign you in here, trust this issuer.`;
        const remedies = [{ remedy: "trustIssuer" as const, issuer: ISSUER }];
        step({ step: "metadata", state: "failed", meaning, exchange, fix, remedies });
        throw { code: "signInRequired", message: "The sign-in did not come about.", cause: meaning, fix };
      }
      step({ step: "metadata", state: "done", meaning: ISSUER });
      step({ step: "register", state: "done", meaning: "We are known there." });
      step({
        step: "consent",
        state: "running",
        meaning: "Open the link, sign in there and allow the access.",
        link: LINK,
      });
      step({ step: "consent", state: "done", meaning: "The browser came back with a yes." });
      step({ step: "token", state: "done", meaning: "Signed in. This is kept where secrets are." });
      step({ step: "firstCall", state: "done", meaning: "The server is ready: 0 tools." });
      this.keep(server, account ?? "default");
      return null;
    },
    stop_sign_in: () => null,
    sign_out: ({ server, account }: { server: string; account?: string }) => {
      const left = this.of(server).filter((each) => each.name !== account);
      this.accounts.set(server, left);
      if (left.length === 0) this.stand(server, { state: "needsSignIn" });
      return true;
    },
    signed_in: () => this.whose,
    accounts: (server: string) => this.of(server),
    use_account: ({ server, account }: { server: string; account: string }) => {
      this.use(server, account);
      return null;
    },
    reset_registration: () => null,
    trust_issuer: () => {
      this.trusted = true;
      return null;
    },
    use_resource: () => null,
    use_client: () => null,
    make_secret_file: () => {
      this.place({ place: "file", open: true });
      return null;
    },
    unlock_secrets: () => {
      this.place({ place: "file", open: true });
      return null;
    },
  };

  /** Who is signed in where. */
  get whose(): ServerAccounts[] {
    return [...this.accounts].flatMap(([server, accounts]) => {
      const used = accounts.find(({ active }) => active)?.name;
      return used === undefined ? [] : [{ server, names: accounts.map(({ name }) => name), used }];
    });
  }

  private of(server: string): AccountView[] {
    return this.accounts.get(server) ?? [];
  }

  private keep(server: string, name: string): void {
    const expiresAt = Date.now() + 42 * 60_000;
    const account = { name, active: true, issuer: ISSUER, scopes: ["read", "write"], expiresAt, renews: true };
    this.accounts.set(server, [...this.of(server).filter((each) => each.name !== name), account]);
    this.use(server, name);
    this.stand(server, { state: "ready", tools: 0, latencyMs: 31 });
  }

  private use(server: string, name: string): void {
    this.accounts.set(
      server,
      this.of(server).map((each) => ({ ...each, active: each.name === name })),
    );
  }

  private stand(name: string, state: Snapshot["servers"][number]["state"]): void {
    const server = this.snapshot.servers.find((each) => each.name === name);
    if (server) this.emit({ type: "server", server: { ...server, state } });
  }

  private place(secrets: Snapshot["settings"]["secrets"]): void {
    this.snapshot.settings.secrets = secrets;
    this.emit({ type: "settings", settings: this.snapshot.settings });
  }
}
