import { expect, it } from "vitest";
import { DISPLAY, lab } from "../../src/lab";

it("sentences show as a list, and those that have nothing to say are left out", () => {
  const shown = lab.findings(["tau 0.64 > 0.55", undefined, false, "regret <b>"])[DISPLAY]();
  expect(shown["text/plain"]).toBe("- tau 0.64 > 0.55\n- regret <b>");
  expect(shown["text/html"]).toContain("<li>regret &lt;b&gt;</li>");
});
