// Numbers, dates and plurals as the chosen language writes them.
let locale = "en";

export function setLocale(next: string): void {
  locale = next;
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** 32768 → “33k”: sizes of contexts and prices in tokens, where the exact figure helps nobody. */
export function rough(value: number): string {
  if (value < 1000) return number(value);
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10_000 ? 1 : 0 }).format(value / 1000)}k`;
}

/** A context length as people say it: 32768 → “32k”. */
export function context(tokens: number): string {
  if (tokens < 1024) return number(tokens);
  const kibi = tokens % 1024 === 0 ? tokens / 1024 : tokens / 1000;
  return kibi >= 1000 ? `${Math.round(kibi / 100) / 10}M` : `${Math.round(kibi)}k`;
}

/** 0.4 → “40 %”. */
export function percent(share: number): string {
  return new Intl.NumberFormat(locale, { style: "percent" }).format(share);
}

export function bytes(value: number): string {
  if (value < 1000) return `${number(value)} B`;
  const [scaled, unit] = value < 1_000_000 ? [value / 1000, "kB"] : [value / 1_000_000, "MB"];
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(scaled)} ${unit}`;
}

/** Small amounts with the digits that say something. */
export function money(amount: number, currency: string): string {
  const digits = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
  return new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: digits }).format(amount);
}

export function duration(ms: number): string {
  if (ms < 1000) return `${number(Math.round(ms))} ms`;
  if (ms < 59_500) {
    const digits = ms < 10_000 ? 1 : 0;
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(ms / 1000)} s`;
  }
  // Rounded once: 59.6 s are a minute, not sixty seconds.
  const whole = Math.round(ms / 1000);
  return `${number(Math.floor(whole / 60))} min ${number(whole % 60)} s`;
}

/** How long something still lasts, as people say it: “42 min”, “3 hr”, “5 days”. */
export function span(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  const [value, unit] =
    minutes < 120 ? [minutes, "minute"] : minutes < 2880 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(locale, style).format(value as number);
}

/** Seconds only: for what people wait for. */
export function seconds(ms: number): string {
  const digits = ms < 10_000 ? 1 : 0;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(Math.max(ms, 50) / 1000)} s`;
}

export function clock(at: number): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

export function time(at: number): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(at);
}

export function month(at: number): string {
  return new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" }).format(at);
}

export function plural(count: number, forms: { one: string; other: string }): string {
  const form = new Intl.PluralRules(locale).select(count) === "one" ? forms.one : forms.other;
  return form.replace("#", number(count));
}
