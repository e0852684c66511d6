// Whether the page follows what is being said: only while its reader is at the end.
import type { Attachment } from "svelte/attachments";

/** Within this many pixels of the end counts as at the end. */
const NEAR = 48;
/** What a person scrolls by. */
const STEERING = ["wheel", "touchmove", "keydown", "pointerdown"];
/** What a person opens where it stands: a card, a fold, a table as a chart. */
const OPENERS = "[aria-expanded]:not([aria-haspopup]), [aria-pressed], summary";

export class Follow {
  atEnd = $state(true);
  /** So far from the end that going back takes more than a glance. */
  far = $state(false);
  /** Something came while the reader was elsewhere. */
  missed = $state(false);
  /** Whether the end of the page is that of the conversation. */
  whole = true;
  private scroller: HTMLElement | undefined;
  /** Where the page was brought to last, and how long it was then. */
  private top = 0;
  private height = 0;
  /** Somebody has steered since word of scrolling came last. */
  private steered = false;
  /** Somebody has just opened something here: what grows now does so under their eyes. */
  private opened = false;

  readonly attach: Attachment<HTMLElement> = (scroller) => {
    this.scroller = scroller;
    const look = () => {
      const away = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
      const near = away < NEAR;
      // Whoever is at the end leaves it upwards. Word of having been brought there may come when what is said has
      // grown again, or shrunk and grown, as it does where a diagram takes the place of its source: nobody left then.
      const changed = scroller.scrollHeight !== this.height && !this.steered;
      const stays = this.atEnd && (changed || scroller.scrollTop >= this.top);
      this.steered = false;
      this.atEnd = this.whole && (near || stays);
      if (this.atEnd) this.missed = false;
      this.far = !this.atEnd && away > scroller.clientHeight;
      if (this.atEnd && !near) this.jump();
    };
    const steer = () => (this.steered = true);
    const open = (event: Event) => {
      if (!(event.target instanceof Element) || !event.target.closest(OPENERS)) return;
      this.opened = true;
      // What is opened is there by the next frame; what grows later does so by itself.
      requestAnimationFrame(() => requestAnimationFrame(() => (this.opened = false)));
    };
    scroller.addEventListener("click", open, { capture: true });
    scroller.addEventListener("scroll", look, { passive: true });
    for (const each of STEERING) scroller.addEventListener(each, steer, { passive: true });
    const watch = new ResizeObserver(() => {
      if (this.opened) this.stay();
      else if (this.atEnd) this.jump();
    });
    watch.observe(scroller);
    for (const child of scroller.children) watch.observe(child);
    this.jump();
    return () => {
      scroller.removeEventListener("scroll", look);
      scroller.removeEventListener("click", open, { capture: true });
      for (const each of STEERING) scroller.removeEventListener(each, steer);
      watch.disconnect();
    };
  };

  /** Something new is there. */
  notice(): void {
    if (!this.atEnd) this.missed = true;
  }

  /** The reader goes elsewhere. */
  leave(): void {
    this.atEnd = false;
  }

  toEnd(): void {
    this.atEnd = true;
    this.missed = this.far = this.opened = false;
    this.jump();
  }

  /** What was opened begins where it was clicked, however far it reaches. */
  private stay(): void {
    if (!this.scroller) return;
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.atEnd = this.whole && scrollHeight - scrollTop - clientHeight < NEAR;
  }

  private jump(): void {
    if (!this.scroller) return;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
    this.height = this.scroller.scrollHeight;
  }
}
