import { formatCount } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { ratedFrontFigure } from "../../viz";
import { factsOf, frontFacts } from "../display/architecture-words";
import { FigureView } from "../display/figure-view";
import { ownMeasure } from "../display/measure-words";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { limitWords } from "../words/limits";
import type { LabFound } from "./found";

/** The best networks within some limits that differ from each other, best first; never empty. */
export class LabAlternatives implements Displayable, Iterable<LabFound> {
  constructor(readonly networks: readonly LabFound[]) {}

  get length(): number {
    return this.networks.length;
  }

  /** The one of least summed rating. */
  get best(): LabFound {
    return this.networks[0];
  }

  [Symbol.iterator](): Iterator<LabFound> {
    return this.networks[Symbol.iterator]();
  }

  /** One network a row: rating, all costs, and in how many blocks it differs from the best. */
  table(): Table {
    const { best, networks } = this;
    const { session } = best;
    const limits = limitWords(best.limits, session.table.latencyOf);
    const timed = best.latencyMs !== undefined;
    return new Table({
      title: `${networks.length} best networks of ${session.space.name}${limits.length > 0 ? ` within ${limits.join(", ")}` : ""}`,
      columns: [
        "rank",
        "rating",
        "MACs",
        "parameters",
        "activations",
        ...(timed ? [`latency, ms (${session.table.latencyOf ?? "where it was measured"})`] : []),
        "other blocks",
        ...session.space.blocks.map((_, block) => `block ${block + 1}`),
      ],
      rows: networks.map((found, i) => [
        i + 1,
        Number(found.score.toFixed(4)),
        formatCount(found.macs),
        formatCount(found.params),
        `${formatCount(found.activationBytes)}B`,
        ...(timed ? [Number(found.latencyMs?.toFixed(3))] : []),
        differing(found, best),
        ...found.describe().map((line) => line.replace(/^block \d+: /, "")),
      ]),
      note: "Other blocks: in so many a network differs from the best.",
    });
  }

  /** The networks beside the predicted front. */
  figure(): FigureView {
    const { best, networks } = this;
    const { session } = best;
    const [chosen, ...others] = networks.map(({ network, score }) => ({ ...factsOf(session, network), score }));
    return new FigureView(
      ratedFrontFigure({
        front: frontFacts(session, best.front),
        best: chosen,
        others,
        budgetMacs: best.budget.macs,
        measure: ownMeasure(best.session.score),
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

/** Blocks in which two networks have another candidate. */
function differing(a: LabFound, b: LabFound): number {
  const others = b.network.choice;
  return a.network.choice.filter(
    ({ cell, path }, block) => cell !== others[block].cell || path.join() !== others[block].path.join(),
  ).length;
}
