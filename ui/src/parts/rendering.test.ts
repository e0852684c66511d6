import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Links } from "./links";
import Linked from "./Linked.test.svelte";
import { mathOf, type MathNode } from "./mathml";

function draw(text: string) {
  const links = {
    open: vi.fn<Links["open"]>(),
    picture: vi.fn<Links["picture"]>().mockResolvedValue("data:image/png;base64,AA=="),
    save: vi.fn<Links["save"]>().mockResolvedValue("~/Downloads/x.csv"),
  };
  const { container } = render(Linked, { text, links });
  return { links, container, user: userEvent.setup() };
}

const TABLE = "| Month | Sum |\n|---|--:|\n| Feb | 900 € |\n| Jan | 1,200 € |\n| Mar | 30 € |";
const cells = () => screen.getAllByRole("row").map((row) => row.textContent?.trim());

test("a table sorts by what its cells mean, both ways and back", async () => {
  const { user } = draw(TABLE);
  const sum = screen.getByRole("button", { name: "Sum" });
  await user.click(sum);
  expect(cells()).toEqual(["MonthSum", "Mar30 €", "Feb900 €", "Jan1,200 €"]);
  expect(screen.getByRole("columnheader", { name: "Sum" }).getAttribute("aria-sort")).toBe("ascending");
  await user.click(sum);
  expect(cells()[1]).toBe("Jan1,200 €");
  await user.click(sum);
  expect(cells()[1]).toBe("Feb900 €");
});

test("a table is copied, saved, and looked at as a chart", async () => {
  const { user, links } = draw(TABLE);
  await user.click(screen.getByRole("button", { name: "Copy as CSV" }));
  expect(await navigator.clipboard.readText()).toBe('Month,Sum\r\nFeb,900 €\r\nJan,"1,200 €"\r\nMar,30 €\r\n');
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(links.save.mock.calls[0]?.[0]).toBe("Month.csv");
  expect(await screen.findByText("Saved as ~/Downloads/x.csv")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Chart" }));
  expect(within(screen.getByRole("img", { name: "Month" })).getAllByText("Jan").length).toBeGreaterThan(0);
  expect(screen.queryByRole("table")).toBeNull();
});

test("lists, quotes and tables begin on the side of their own words", () => {
  const { container } = draw("- אחת\n- שתיים\n\n1. ראשון\n\n> ציטוט\n\n| לקוח | סכום |\n|---|---|\n| דנה | 12 |");
  for (const kind of ["ul", "ol", "blockquote", "table"])
    expect(container.querySelector(kind)?.getAttribute("dir"), kind).toBe("auto");
});

test("a picture from elsewhere is loaded by a click and never before", async () => {
  const { user, links, container } = draw("![a plan](https://elsewhere.example/plan.png)");
  expect(container.querySelector("img")).toBeNull();
  await user.click(screen.getByRole("button", { name: /a plan.*elsewhere\.example/ }));
  expect(links.picture.mock.calls).toEqual([["https://elsewhere.example/plan.png"]]);
  expect((await screen.findByRole("img", { name: "a plan" })).getAttribute("src")).toMatch(/^data:/);
});

test("a link hands over its words, so that they can be compared with where it goes", async () => {
  const { user, links } = draw("[your bank](https://elsewhere.example/)");
  await user.click(screen.getByRole("link", { name: "your bank" }));
  expect(links.open.mock.calls).toEqual([["https://elsewhere.example/", "your bank"]]);
});

test("a formula is MathML of its own namespace, and its source where it is none", async () => {
  const { container } = draw("so $a^2$ and $\\undefined$ and $\\frac{1$.");
  const math = await waitFor(() => container.querySelector("math") ?? Promise.reject(new Error("no formula yet")));
  expect(math.namespaceURI).toBe("http://www.w3.org/1998/Math/MathML");
  expect(math.querySelector("msup")?.textContent).toBe("a2");
  await waitFor(() => expect(container.querySelectorAll("code")).toHaveLength(2));
  expect(container.textContent).toContain("\\frac{1");
});

test("a formula holds no address, no handler and no end", () => {
  const all = (node: MathNode): MathNode[] => [
    node,
    ...node.children.flatMap((each) => (typeof each === "string" ? [] : all(each))),
  ];
  for (const tex of [
    "\\href{javascript:alert(1)}{x}",
    "\\url{https://elsewhere.example}",
    "\\includegraphics{https://elsewhere.example/a.png}",
    "\\htmlClass{a}{x}",
    "\\style{background:url(https://elsewhere.example)}{x}",
    "\\def\\x{\\x\\x}\\x",
    "{".repeat(5_000),
    "\\sqrt{".repeat(500) + "}".repeat(500),
    "x".repeat(100_000),
  ]) {
    const drawn = mathOf(tex, false);
    const written = JSON.stringify(
      drawn ? all(drawn).map(({ tag, attributes, style }) => [tag, attributes, style]) : [],
    );
    expect(written).not.toMatch(/https?:|javascript|href|url/i);
  }
});

test("a long text is drawn in part, with the whole of it in a viewer", async () => {
  const { user, container } = draw(`\`\`\`\n${"line of text\n".repeat(5_000)}\`\`\`\n`);
  expect(container.textContent?.length).toBeLessThan(30_000);
  await user.click(screen.getByRole("button", { name: /Show all/ }));
  const viewer = screen.getByRole("dialog");
  expect(within(viewer).getByText("5,001 lines")).toBeTruthy();
  await waitFor(() => expect(within(viewer).getAllByText("line of text").length).toBeGreaterThan(20));
  expect(within(viewer).getAllByText("line of text").length).toBeLessThan(200);
});
