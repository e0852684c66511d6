// How parts open a link: whoever draws them says so once.
import { createContext } from "svelte";

export const [getLinks, setLinks] = createContext<{ open(url: string): void }>();
