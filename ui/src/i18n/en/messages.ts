// What is said: messages, their tables, formulas and pictures, and what comes with them.
import { plural } from "../format";

export const messages = {
  text: "Text",
  table: "Table",
  tableTools: "What can be done with this table",
  asChart: "Chart",
  asTable: "Table",
  copyCsv: "Copy as CSV",
  saveCsv: "Save",
  savedAs: (path: string) => `Saved as ${path}`,
  diagram: "Diagram",
  showSource: "Show its source",
  showDiagram: "Show the diagram",
  noDiagram: "This cannot be drawn as a diagram, so its source is shown.",
  noFormula: "This cannot be drawn as a formula, so its source is shown.",
  imageHeld: "Not loaded: loading it tells its address that you read this.",
  openWhole: (characters: string) => `Show all (${characters} more characters)`,
  rows: (count: number) => plural(count, { one: "# line", other: "# lines" }),
  linkTitle: "Where this link goes",
  linkSays: (words: string) => `The link reads “${words}” and goes to:`,
  linkOpen: "Open in browser",
  linkCopy: "Copy address",
  linkOdd: "Its name holds letters of other scripts that may look like familiar ones.",
};
