// Events are applied once per animation frame, however many messages bring them.
export class Frame<Event> {
  private queue: Event[] = [];
  private due = false;
  private held = true;

  constructor(private readonly apply: (events: Event[]) => void) {}

  /** Until now events were kept: what they build on was not there yet. */
  release(): void {
    this.held = false;
    this.push([]);
  }

  push(events: Event[]): void {
    this.queue.push(...events);
    if (this.due || this.held || this.queue.length === 0) return;
    this.due = true;
    // A hidden window draws no frames, and must not save up a whole answer either.
    if (document.visibilityState === "visible") requestAnimationFrame(() => this.flush());
    else setTimeout(() => this.flush(), 100);
  }

  private flush(): void {
    const events = this.queue;
    this.queue = [];
    this.due = false;
    this.apply(events);
  }
}
