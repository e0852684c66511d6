// Whether the page follows what is being said: only while its reader is at the end.
import type { Attachment } from "svelte/attachments";

/** Within this many pixels of the end counts as at the end. */
const NEAR = 48;

export class Follow {
  atEnd = $state(true);
  /** So far from the end that going back takes more than a glance. */
  far = $state(false);
  /** Something came while the reader was elsewhere. */
  missed = $state(false);
  /** Whether the end of the page is that of the conversation. */
  whole = true;
  private scroller: HTMLElement | undefined;
  /** Where the page was brought to last. */
  private top = 0;

  readonly attach: Attachment<HTMLElement> = (scroller) => {
    this.scroller = scroller;
    const look = () => {
      const away = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
      const near = away < NEAR;
      // Whoever is at the end leaves it upwards. Word of having been brought there may come when what is said has
      // grown again, as a picture or a diagram does: that is no leaving.
      const stays = this.atEnd && scroller.scrollTop >= this.top;
      this.atEnd = this.whole && (near || stays);
      if (this.atEnd) this.missed = false;
      this.far = !this.atEnd && away > scroller.clientHeight;
      if (this.atEnd && !near) this.jump();
    };
    scroller.addEventListener("scroll", look, { passive: true });
    const watch = new ResizeObserver(() => {
      if (this.atEnd) this.jump();
    });
    watch.observe(scroller);
    for (const child of scroller.children) watch.observe(child);
    this.jump();
    return () => {
      scroller.removeEventListener("scroll", look);
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
    this.missed = this.far = false;
    this.jump();
  }

  private jump(): void {
    if (!this.scroller) return;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
  }
}
