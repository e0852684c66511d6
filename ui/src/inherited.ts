// What every object inherits is nobody's to change: words from outside that were made part of an object must not reach
// all others. A plain freeze would also forbid an object to have something of its own under an inherited name, which
// libraries rely on as they are loaded.

/** Freezes a prototype, and lets whatever inherits from it still be given what it inherits, as its own. */
export function protect(shared: object): void {
  for (const name of Object.getOwnPropertyNames(shared)) {
    const known = Object.getOwnPropertyDescriptor(shared, name);
    if (!known?.configurable || !("value" in known)) continue;
    const value: unknown = known.value;
    Object.defineProperty(shared, name, {
      get: () => value,
      set(this: object, own: unknown) {
        if (this === shared) throw new TypeError(`${name} is what all objects inherit, and stays.`);
        Object.defineProperty(this, name, { value: own, configurable: true, enumerable: true, writable: true });
      },
    });
  }
  Object.freeze(shared);
}
