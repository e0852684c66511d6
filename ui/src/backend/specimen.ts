// One turn that shows every kind of thing a message may hold: for looking at them all at once.
import type { Turn } from "../bindings";
import { finishedTurn } from "./world";

const TEXT = `## What came of it

Paragraph with **bold**, *emphasis*, ~~struck~~, \`code\`, a [link that says less](https://example.com/path?from=here), https://example.com and a footnote[^1].

- [x] look up the customer
- [ ] answer them
  1. first
  2. second

> Somebody was quoted here.

| Month | Revenue | Cost | Note |
|:------|--------:|-----:|:-----|
| Jan 2026 | 12,400 € | 8,100 € | **good** |
| Feb 2026 | 9,800 € | 8,350 € | |
| Mar 2026 | 15,250 € | 9,020 € | best |
| Apr 2026 | 14,100 € | 9,400 € | |

| Priority | Tickets |
|---|---:|
| critical | 7 |
| high | 12 |
| medium | 31 |
| low | 4 |

Euler wrote $e^{i\\pi} + 1 = 0$, it costs $5 and not $6, and

$$
\\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi} \\qquad
\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}^{-1} = \\frac{1}{ad-bc}\\begin{pmatrix} d & -b \\\\ -c & a \\end{pmatrix}
$$

\`\`\`mermaid
graph LR
  A[Question] --> B{Tool?}
  B -- yes --> C[Call it]
  C --> B
  B -- no --> D[Answer]
\`\`\`

\`\`\`python
def answer(question: str) -> int:
    """The answer."""
    return 42  # as always
\`\`\`

![a chart of it](https://tracker.example/pixel.png)

שלום, this is text in two directions, and here hides\u202E a turn\u200B and \u{e0041}.

[^1]: Which is explained down here.
`;

export function specimen(): Turn {
  const turn = finishedTurn(0);
  const [question, answer] = turn.items;
  if (question?.type === "message") question.text = "Show me everything.";
  if (answer?.type === "message") {
    answer.text = TEXT;
    answer.reasoning = "They want to see **everything**.\nSo I show it.";
    answer.spokeAt = answer.at + 4_000;
  }
  return turn;
}
