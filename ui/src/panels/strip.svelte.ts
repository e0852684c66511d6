// The strip of sections in a narrow window.
import type { Attachment } from "svelte/attachments";

/** Scrolls the strip to the section one is in, whenever that changes and when the window becomes narrow. */
export function keepInSight(section: () => unknown): Attachment {
  return (strip) => {
    const look = () => strip.querySelector("[aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "center" });
    $effect(() => {
      if (section()) look();
    });
    window.addEventListener("resize", look);
    return () => window.removeEventListener("resize", look);
  };
}
