/** Looks now and every second, until what is returned is called. Never twice at once. */
export function everySecond(look: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  async function round() {
    await look();
    if (!ended) timer = setTimeout(() => void round(), 1000);
  }
  void round();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
