// Events are applied once per animation frame, however many messages bring them.
export class Frame<Event> {
  private queue: Event[] = [];
  private due = false;

  constructor(private readonly apply: (events: Event[]) => void) {}

  push(events: Event[]): void {
    this.queue.push(...events);
    if (this.due) return;
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
