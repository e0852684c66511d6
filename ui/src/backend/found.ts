// The scripted twin finds words in what it knows, as plainly as can be.
import type { Conversation, Item, SearchFound, SearchHit, SearchKind, SnippetPiece } from "../bindings";

export function findIn(conversations: Iterable<Conversation>, text: string): SearchFound {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const hits: SearchHit[] = [];
  for (const { id, title, turns } of conversations) {
    for (const turn of turns) {
      for (const item of turn.items) {
        const [kind, said] = wordsOf(item);
        if (words.length === 0 || !words.every((word) => said.toLowerCase().includes(word))) continue;
        const snippet = snippetOf(said, words[0] ?? "");
        hits.push({ conversation: id, title, turn: turn.id, item: item.id, kind, at: turn.startedAt, snippet });
      }
    }
  }
  return { hits: hits.slice(-50).reverse(), behind: false };
}

function wordsOf(item: Item): [SearchKind, string] {
  switch (item.type) {
    case "message":
      return [item.role === "user" ? "asked" : "answered", item.text];
    case "toolCall": {
      const result = item.status.state === "succeeded" ? item.status.output.modelText : "";
      return ["called", `${item.server} · ${item.tool} ${JSON.stringify(item.arguments)} ${result}`];
    }
    case "question":
      return ["serverAsked", item.server];
  }
}

function snippetOf(said: string, word: string): SnippetPiece[] {
  const at = said.toLowerCase().indexOf(word);
  const pieces = [
    { text: `${at > 60 ? "…" : ""}${said.slice(Math.max(0, at - 60), at)}`, hit: false },
    { text: said.slice(at, at + word.length), hit: true },
    { text: said.slice(at + word.length, at + word.length + 90), hit: false },
  ];
  return pieces.filter((piece) => piece.text !== "");
}
