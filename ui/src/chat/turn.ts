// The turn in which something stands, for whatever of it has to name it.
import { createContext } from "svelte";
import type { LiveTurn } from "../state/conversation.svelte";

export const [getTurn, setTurn] = createContext<LiveTurn>();
