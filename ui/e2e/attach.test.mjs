// Files that come with a question: chosen, pasted and dropped, seen by the model, and there after the next start.
import assert from "node:assert/strict";
import { test } from "node:test";
import { App, until } from "./app.mjs";
import { saying, startModel } from "./model.mjs";

/** Makes files in the page and brings them as a person's hands do. */
const BRING = `
  const [how, files, done] = arguments;
  const draw = ({ name, width, height }) => new Promise((resolve) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const brush = canvas.getContext("2d");
    brush.fillStyle = "rgb(200 30 30)";
    brush.fillRect(0, 0, width, height);
    canvas.toBlob((blob) => resolve(new File([blob], name, { type: "image/png" })));
  });
  const make = (file) => file.width ? draw(file) : new File([file.text], file.name);
  Promise.all(files.map(make)).then((made) => {
    const carried = new DataTransfer();
    made.forEach((file) => carried.items.add(file));
    if (how === "choose") {
      const input = document.querySelector("input[type=file]");
      input.files = carried.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (how === "paste") {
      const box = document.querySelector("textarea");
      box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }));
    } else {
      const main = document.querySelector("main");
      main.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
    }
    done();
  });
`;

const bring = (app, how, ...files) => app.driver.call("POST", "/execute/async", { script: BRING, args: [how, files] });

/** How large the picture with this name is drawn from, once it is drawn. */
const picture = (app, name) =>
  until(`a picture of ${name}`, () =>
    app.driver.run(
      `const image = [...document.querySelectorAll("[role=log] img")].find((each) => each.alt === arguments[0]);
       return image?.complete && image.naturalWidth > 0 ? [image.naturalWidth, image.naturalHeight] : null;`,
      name,
    ),
  );

const asked = (model) => model.requests.map(({ body }) => body.messages.find((message) => message.role === "user").content);

/** A PDF with one page that says these words. */
function pdf(words) {
  const drawing = `BT /F 12 Tf 50 700 Td (${words}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
    `<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  ];
  let file = "%PDF-1.4\n";
  const places = objects.map((object, at) => {
    const place = file.length;
    file += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(place).padStart(10, "0")} 00000 n \n`;
  });
  const begin = file.length;
  return `${file}xref\n0 6\n0000000000 65535 f \n${places.join("")}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${begin}\n%%EOF`;
}

test("a picture, code and a PDF go with the question, and are there after the next start", async () => {
  const model = await startModel([saying("A red field."), saying("Still red.")]);
  const app = await App.open({ settings: model.settings });
  try {
    await app.button("Attach");
    await bring(app, "choose", { name: "field.png", width: 2000, height: 1000 });
    await bring(app, "paste", { name: "main.rs", text: "fn main() { /* MARK */ }" });
    await bring(app, "drop", { name: "paper.pdf", text: pdf("Words of a page") });
    await bring(app, "drop", { name: "nothing.txt", text: "" });
    const list = await app.sees(/nothing\.txt cannot be attached/, "[aria-label='Attached files']");
    assert.match(list, /It is empty\./);
    await app.press("Remove nothing.txt");
    const ready = "return Boolean(document.querySelector('[aria-label=\"Attached files\"] img'))";
    await until("a picture that was read", () => app.driver.run(ready));
    await app.shot("attached");
    await app.ask("What is this?");
    await app.sees("A red field.", "[role=log]");
    await app.idle();
    await app.sees("A title by the model");
    await app.shot("attached-sent");
    await app.close({ keep: true });

    const again = await App.open({ home: app.home });
    app.driver = again.driver;
    await app.press("A title by the model");
    assert.deepEqual(await picture(app, "field.png"), [1568, 784]);
    await app.press("Show what the model reads of main.rs");
    await app.sees("MARK", "dialog");
    await app.press("Close");
    await app.ask("And now?");
    await app.sees("Still red.", "[role=log]");
    for (const content of asked(model)) {
      const [{ image_url }] = content.filter((part) => part.type === "image_url");
      const bytes = Buffer.from(image_url.url.replace("data:image/png;base64,", ""), "base64");
      assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [1568, 784]);
      const words = content.at(-1).text;
      assert.match(words, /main\.rs[^]*MARK[^]*paper\.pdf[^]*Words of a page[^]*What is this\?$/);
    }
    assert.equal(asked(model).length, 2);
  } finally {
    model.stop();
    await app.close();
  }
});

test("a model that sees nothing is said to see nothing, before anything is sent", async () => {
  const app = await App.open();
  try {
    await app.press("Just try it");
    await app.field("Message");
    await bring(app, "choose", { name: "field.png", width: 40, height: 20 });
    await app.sees("cannot look at pictures", ".composer");
    await app.shot("attached-blind");
  } finally {
    await app.close();
  }
});
