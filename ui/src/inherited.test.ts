import { expect, test } from "vitest";
import { protect } from "./inherited";

test("what is inherited cannot be changed for all, and everybody may have their own", () => {
  const shared: Record<string, unknown> = Object.create(null);
  Object.defineProperty(shared, "name", { value: "all", configurable: true, writable: true });
  protect(shared);
  expect(() => (shared.name = "changed")).toThrow(TypeError);
  expect(() => (shared.more = 1)).toThrow(TypeError);
  expect(() => Object.defineProperty(shared, "name", { value: "changed" })).toThrow(TypeError);
  const [one, other]: Record<string, unknown>[] = [Object.create(shared), Object.create(shared)];
  one!.name = "mine";
  expect([one!.name, other!.name, Object.keys(one!)]).toEqual(["mine", "all", ["name"]]);
  one!.name = "still mine";
  expect(one!.name).toBe("still mine");
});
