import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkProse } from "../../scripts/numbers/check-prose";
import { checkNumbers } from "../../scripts/numbers/main";
import { numbersIn } from "../../scripts/numbers/prose";

describe("the numbers of README and of the notebooks' prose", () => {
  it("are all listed in docs/numbers.json and equal what is stored", () => {
    const found = [...checkNumbers()].flatMap(([file, problems]) =>
      problems.map(({ message }) => `${file}: ${message}`),
    );
    expect(found, "npm run numbers says the same; npm run numbers -- --write puts README right").toEqual([]);
  });
});

describe("numbers in a text", () => {
  it.each([
    ["tau of 0.643, 3,969 networks, 5.18x faster, 2e17 more", ["0.643", "3,969", "5.18", "2e17"]],
    ["CIFAR-10, EfficientNet-B0, float32, 28x28, `k = 5`, $E_1 = 2$, (CVPR 2020), K = 1, 2 and 8, section 3", []],
    ["90.45 % after 5 epochs.", ["90.45", "5"]],
  ])("%s", (text, numbers) => {
    expect(numbersIn(text).map((one) => one.text)).toEqual(numbers);
  });
});

describe("a phrase", () => {
  const root = mkdtempSync(join(tmpdir(), "blockwise-numbers-"));
  writeFileSync(join(root, "stored.json"), JSON.stringify({ a: { tau: 0.6431, count: 3969, share: 0.9045 } }));
  const problems = (prose: string, ...phrases: Parameters<typeof checkProse>[1]) =>
    checkProse(prose, phrases, root).map(({ message }) => message);

  it("passes when its number is the stored one to the digits printed", () => {
    const share = { of: "stored.json#a/share", times: 100 };
    expect(problems("tau is 0.643", { text: "tau is {0.643}", from: ["stored.json#a/tau"] })).toEqual([]);
    expect(problems("all 3,969", { text: "all {3,969}", from: ["stored.json#a/count"] })).toEqual([]);
    expect(problems("reaches 90.5 %", { text: "reaches {90.5} %", from: [share] })).toEqual([]);
  });

  it("names a number that is stored otherwise, and what should stand there", () => {
    const [problem] = checkProse("tau is 0.650", [{ text: "tau is {0.650}", from: ["stored.json#a/tau"] }], root);
    expect(problem.message).toContain("says 0.650, stored is 0.643");
    expect(problem.correction).toEqual({ at: 7, length: 5, text: "0.643" });
  });

  it("names a number that nobody answers for, and a text that is no longer there", () => {
    expect(problems("two more: 17")).toEqual([expect.stringContaining("no phrase answers for 17")]);
    expect(problems("nothing", { text: "gone {4}", given: "a setting" })).toEqual(['no such text: "gone {4}"']);
  });

  it("takes a number of a Markdown table from the one under the heading that is named", () => {
    const table = (time: number) => `| row | ms |\n| --- | --: |\n| a step | ${time} |\n`;
    writeFileSync(join(root, "tables.md"), `## One machine\n${table(1.5)}\n## Another\n${table(2.5)}`);
    const from = (heading: string) => [`tables.md#${heading}/a step/ms`];
    expect(problems("took 1.5 ms", { text: "took {1.5} ms", from: from("One machine") })).toEqual([]);
    expect(problems("took 2.5 ms", { text: "took {2.5} ms", from: from("Another") })).toEqual([]);
    expect(problems("took 2.5 ms", { text: "took {2.5} ms", from: from("A third") })).toHaveLength(1);
  });

  it("refuses a source that is not a stored number", () => {
    const [problem] = problems("tau is 1", { text: "tau is {1}", from: ["stored.json#a/absent"] });
    expect(problem).toContain("must be a stored number");
  });
});
