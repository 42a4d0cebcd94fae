import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { lab } from "../../src/lab";
import type { TableName } from "../../src/systems/search-comparison";

describe("lab.comparison", () => {
  const compared = lab.comparison();

  it("names the tables that there are", () => {
    expect(() => compared.of("201-cifar1" as TableName)).toThrow(ConfigError);
    expect(() => compared.of("201-cifar1" as TableName)).toThrow(/201-cifar10, .*macro.*did you mean 201-cifar10\?/);
  });

  it("draws every search of a table in a panel of its own, with the median of random search and the best possible", async () => {
    for (const against of ["evaluations", "cost"] as const) {
      const { "application/vnd.plotly.v1+json": figure } = await compared.curves("macro", against)[DISPLAY]();
      const { data, layout } = figure as { data: { name?: string; y: number[] }[]; layout: { annotations: unknown[] } };
      const { methods, best } = compared.of("macro");
      expect(layout.annotations).toHaveLength(methods.length);
      const named = (start: string) => data.filter(({ name }) => name?.startsWith(start));
      expect(named("best possible").map(({ y }) => y[0])).toEqual(methods.map(() => best.test));
      expect(named("random search (median)")).toHaveLength(methods.length - 1);
      expect(named("TPE")[0].y).toEqual(
        methods.find(({ method }) => method === "tpe")![against === "cost" ? "byCost" : "byEvaluations"].median,
      );
    }
  });

  it("calls a search above or below random search only where the interval of the difference says so", () => {
    const [first] = compared.summaries;
    const of = (method: string) => first.methods.find((one) => one.method === method)!.area;
    const [random, nsga2] = [of("random"), of("nsga2")];
    const half = Math.hypot(random.interval![1] - random.mean, nsga2.interval![1] - nsga2.mean);
    const word =
      Math.abs(random.mean - nsga2.mean) <= half ? "not told from" : nsga2.mean > random.mean ? "above" : "below";
    expect(compared.findings().sentences.join("\n")).toContain(
      `NSGA-II (validation, MACs) ${nsga2.mean.toFixed(2)} (${word} random search)`,
    );
  });

  it("states what is the best possible on each table", async () => {
    const shown = (await compared[DISPLAY]())["text/plain"];
    for (const { best } of compared.summaries) expect(shown).toContain(`${best.test.toFixed(2)} %`);
  });
});
