// What people call a provider. What is no name of its own is said in their language; one that is not known here keeps
// its id.
import { say } from "./index";

export function providerName(id: string, known: readonly { id: string; name: string }[]): string {
  return say.models.providers[id] ?? known.find((provider) => provider.id === id)?.name ?? id;
}
