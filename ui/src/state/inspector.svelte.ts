// What the inspector looks at: a turn, and one request or call in it.
import type { Backend } from "../backend";
import type { ModelExchange, WireLine } from "../bindings";

export class Inspector {
  open = $state(false);
  /** The turn that was chosen; the latest where none is. */
  turn = $state<string>();
  /** The row that was chosen, by its id. */
  row = $state<string>();
  exchanges = $state.raw<ModelExchange[]>([]);
  /** What crossed the wire of a server, by its name. */
  wires = $state.raw<Record<string, WireLine[]>>({});
  private latest = 0;

  constructor(private readonly backend: Backend) {}

  /** Looks at a turn, and at one of its calls. */
  show(turn: string, row?: string): void {
    this.turn = turn;
    this.row = row;
    this.open = true;
  }

  /** Asks for all that a turn said; what does not answer stays as it was. */
  async look(turn: string, servers: string[]): Promise<void> {
    const mine = ++this.latest;
    const [exchanges, ...lines] = await Promise.all([
      this.backend.call("model_exchanges", turn).catch(() => undefined),
      ...servers.map((server) => this.backend.call("server_wire", server).catch(() => undefined)),
    ]);
    if (mine !== this.latest) return;
    if (exchanges) this.exchanges = exchanges;
    const known = servers.map((server, index) => [server, lines[index]] as const).filter(([, wire]) => wire);
    this.wires = Object.fromEntries(known) as Record<string, WireLine[]>;
  }
}
