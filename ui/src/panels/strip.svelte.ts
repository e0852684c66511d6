// The strip of sections in a narrow window.
import type { Attachment } from "svelte/attachments";

/** Scrolls the strip to the section one is in, whenever that changes and whenever there is more or less room. */
export function keepInSight(section: () => unknown): Attachment {
  return (strip) => {
    const look = () => strip.querySelector("[aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "center" });
    $effect(() => {
      if (section()) look();
    });
    // It is told of the first size, too: before the dialog is open there is nothing to scroll.
    const watching = new ResizeObserver(look);
    watching.observe(strip);
    for (const each of strip.children) watching.observe(each);
    return () => watching.disconnect();
  };
}
