/** Tells whether the window is at least so wide, now and whenever that changes; what comes back ends it. */
export function watchWidth(least: number, tell: (fits: boolean) => void): () => void {
  const query = window.matchMedia(`(min-width: ${least}px)`);
  const look = () => tell(query.matches);
  look();
  query.addEventListener("change", look);
  return () => query.removeEventListener("change", look);
}
