// Colours for closed code blocks: highlight.js with few languages, loaded with the first block that wants them.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = { bash, css, diff, javascript, json, markdown, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** A run of characters of one colour; no colour is plain. */
export interface Run {
  text: string;
  scope: string;
}

interface Tree {
  scope?: string;
  children: (Tree | string)[];
}

const MOST = 50_000;

/** Undefined where the language is not known or the text too long to be worth it. */
export function highlight(text: string, language: string): Run[] | undefined {
  if (text.length > MOST || !hljs.getLanguage(language)) return undefined;
  // The tree behind the HTML: highlight.js offers it to custom emitters, and we draw runs, never HTML.
  const tree = hljs.highlight(text, { language, ignoreIllegals: true })._emitter as unknown as { root: Tree };
  const runs: Run[] = [];
  collect(tree.root, "", runs);
  return runs;
}

function collect(tree: Tree, scope: string, runs: Run[]): void {
  for (const child of tree.children) {
    if (typeof child === "string") runs.push({ text: child, scope });
    else collect(child, (child.scope ?? scope).split(".")[0] ?? scope, runs);
  }
}
