// The resources that a person wants to be told of, and which of them have changed since they were looked at.
import { SvelteSet } from "svelte/reactivity";

interface Place {
  server: string;
  uri: string;
}

const keyOf = ({ server, uri }: Place) => JSON.stringify([server, uri]);

export class Watched {
  private readonly wanted = new SvelteSet<string>();
  private readonly fresh = new SvelteSet<string>();

  has(place: Place): boolean {
    return this.wanted.has(keyOf(place));
  }

  changed(place: Place): boolean {
    return this.fresh.has(keyOf(place));
  }

  /** From now on it is watched, or no more. */
  set(place: Place, on: boolean): void {
    if (on) this.wanted.add(keyOf(place));
    else this.wanted.delete(keyOf(place));
    this.read(place);
  }

  /** Its server says that it is not what it was. */
  told(place: Place): void {
    if (this.has(place)) this.fresh.add(keyOf(place));
  }

  /** There is no such server any more: another one under its name was asked for nothing. */
  forget(server: string): void {
    for (const set of [this.wanted, this.fresh]) {
      for (const key of set) if ((JSON.parse(key) as string[])[0] === server) set.delete(key);
    }
  }

  /** It is looked at as it is now. */
  read(place: Place): void {
    this.fresh.delete(keyOf(place));
  }
}
