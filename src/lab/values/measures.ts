import type { Agreement } from "../../benchmark/ranking";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type Measure, measuresTaken, type VariantSummary } from "../../study/ranking";
import { studyBars } from "../../viz";
import { FigureView } from "../display/figure-view";
import { decimals } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import type { StudySource } from "./study-source";

/** The ways to say how far a candidate is from its teacher, taken on the same supernets: a study's first setting under each. */
export class LabMeasures implements Displayable {
  /** By measure, as far as ratings are there. */
  readonly summaries: readonly VariantSummary[];
  /** Under the measure that the others are compared with. */
  private readonly own?: VariantSummary;

  constructor(study: StudySource, { measure: own, seeds }: { readonly measure: Measure; readonly seeds?: number }) {
    const [raw] = study.stored({ seeds }).variants[0].raws;
    const measures = raw ? measuresTaken(raw) : [];
    this.summaries = measures.flatMap((measure) => study.stored({ measure, seeds }).variants[0].summary ?? []);
    this.own = this.summaries.find(({ measure }) => measure === own);
  }

  /** Each measure, plain and weighted, and with how many seeds it is above the study's own. */
  table(): Table {
    const [first] = this.summaries;
    const bySeed = (all: readonly Agreement[], name: keyof Agreement) => all.map((of) => decimals(of[name])).join(" ");
    const part = (of: VariantSummary, name: "tau" | "concordance") => [
      decimals(of.plain[name]),
      decimals(of.weighted[name]),
      bySeed(of.weightedBySeed, name),
      this.above(of, name),
    ];
    const columns = (name: string) => [
      ...[`${name}, plain`, `${name}, weighted`, `${name} by seed`],
      `${name} above the study's in`,
    ];
    return new Table({
      title: `Measures of imitation; means over seeds ${first?.seeds.join(", ") ?? "(NO RATINGS YET)"}`,
      columns: [
        ...["measure", ...columns("tau"), ...columns("equal MACs"), "regret, weighted", "weights"],
        ...(first?.blockTaus ?? [0]).map((_, block) => `tau, block ${block + 1}`),
      ],
      rows: this.summaries.map((of) => [
        of === this.own ? `${of.measure} (the study's)` : of.measure,
        ...part(of, "tau"),
        ...part(of, "concordance"),
        decimals(of.weighted.regret),
        of.weights.join(" "),
        ...of.blockTaus.map((tau) => decimals(tau, 2)),
      ]),
    });
  }

  figure(): FigureView {
    const all = this.summaries;
    return new FigureView(
      studyBars({
        title: "The measure of imitation, on the same supernets",
        subtitle: "means over seeds",
        groups: all.map(({ measure }) => measure),
        series: [
          { name: "tau, plain", y: all.map(({ plain }) => plain.tau) },
          { name: "tau, weighted", y: all.map(({ weighted }) => weighted.tau) },
          { name: "equal MACs, plain", y: all.map(({ plain }) => plain.concordance) },
          { name: "equal MACs, weighted", y: all.map(({ weighted }) => weighted.concordance) },
        ],
        yTitle: "agreement with the truth",
      }),
    );
  }

  /** A sentence: which measures rank better than the study's own with every one of several seeds. */
  sentence(): string {
    const { own } = this;
    if (!own) return "Measures: NO RATINGS YET.";
    const consistent = this.summaries.filter(
      (of) => of !== own && of.seeds.length > 1 && this.seedsAbove(of, own, "tau") === of.seeds.length,
    );
    return `Measures whose tau is above ${own.measure}'s with every seed: ${consistent.map(({ measure }) => measure).join(", ") || "none"}.`;
  }

  /** What `notebook check` compares: the weighted tau of each measure. */
  numbers(): Record<string, number> {
    return Object.fromEntries(this.summaries.map(({ measure, weighted }) => [`measure_${measure}_tau`, weighted.tau]));
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }

  /** "2 of 3" seeds. */
  private above(of: VariantSummary, name: keyof Agreement): string {
    return this.own && this.own !== of ? `${this.seedsAbove(of, this.own, name)} of ${of.seeds.length}` : "";
  }

  private seedsAbove(of: VariantSummary, own: VariantSummary, name: keyof Agreement): number {
    return of.weightedBySeed.filter((one, i) => one[name] > own.weightedBySeed[i][name]).length;
  }
}
