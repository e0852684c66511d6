// What a model says to be drawn.

/** Code in colours, and a table that can be looked at as a chart. */
export const CODE_AND_SERIES = `\`\`\`python
def answer() -> int:
    return 42
\`\`\`

| Month | Revenue |
|---|---:|
| Jan 2026 | 12400 |
| Feb 2026 | 9800 |
| Mar 2026 | 15250 |`;
