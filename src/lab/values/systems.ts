import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { storedCsnas } from "../../systems/csnas";
import type { MeanInterval } from "../../systems/search-comparison";
import {
  SIX_SYSTEMS,
  type StoredSystems,
  type SystemAssumptions,
  type SystemName,
  type SystemSummary,
  type SystemsSummary,
  storedSystems,
  summariseSystems,
} from "../../systems/six-systems";
import { costValueFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { meanWords } from "../display/interval-words";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";

/**
 * The six systems on one table: the small space of CSNAS' study, all of whose networks were trained. `npx blockwise study systems`
 * made the searches; all figures are computed from them here.
 */
export class LabSystems implements Displayable {
  readonly summary: SystemsSummary;

  constructor(readonly stored: StoredSystems) {
    this.summary = summariseSystems(stored, storedCsnas());
  }

  /** The figures of one system: "dna", "pnas", "econas", "eeea", "csnas", "darts". */
  of(system: SystemName): SystemSummary {
    return this.summary.systems.find((one) => one.system === system)!;
  }

  /** What each system must have before it can search. */
  assumptions(): Table {
    return new Table({
      title: "What each system assumes",
      columns: ["system", "labels for the search", "a teacher", "weight sharing", "in place of full trainings"],
      rows: this.summary.systems.map(({ system }) => {
        const { title, labels, teacher, sharing, proxy }: SystemAssumptions = SIX_SYSTEMS[system];
        return [title, labels, teacher || "no", sharing || "no", proxy || "nothing"];
      }),
    });
  }

  /** What each system costs and finds, with the controls below. */
  table(): Table {
    const { systems, controls, networks, unit } = this.summary;
    return new Table({
      title: "What each system costs and finds",
      columns: [
        "system",
        "seeds",
        "networks trained",
        "cost (trainings)",
        "test accuracy (%)",
        "regret (points)",
        "random at this cost (%)",
        "trained again (%)",
      ],
      rows: [
        ...systems.map(({ system, seeds, networks: trained, cost, test, regret, random, again }) => [
          SIX_SYSTEMS[system].title,
          seeds,
          trained.toFixed(1),
          meanWords(cost, 1),
          meanWords(test),
          meanWords(regret),
          random.toFixed(2),
          meanWords(again),
        ]),
        ...controls.map(({ name, choices, cost, test, regret, again }) => [
          choices > 1 ? `${name} (${choices} equals)` : name,
          "",
          cost.toFixed(1),
          cost.toFixed(1),
          meanWords(test),
          meanWords(regret),
          "",
          meanWords(again),
        ]),
      ],
      note: `Cost: processor time in trainings of the table's mean network (${unit.toFixed(2)} s), each network trained once; the choice's own training is not counted. Test accuracy: of the choice in the table, a mean over seeds of the search with its 95 % interval (Student's t): of the search's chance alone, without that of a single training, which is the same network's in every seed that chooses it. DNA trains its teachers. Regret: points below the best test accuracy of ${networks} networks. Random at this cost: test accuracy that random search is expected to end at after as many trainings, exact. Trained again: from ${this.trainings} seeds that no search saw, with the 95 % interval over these.`,
    });
  }

  /** Regret against cost, the expected random search as a curve. */
  figure(): FigureView {
    const { systems, random, networks } = this.summary;
    const largest = this.control("largest network");
    const best = this.control("best by test").test.mean;
    return new FigureView(
      costValueFigure({
        title: "What does each system find, and for how much?",
        subtitle: `${networks} networks, 1,000 images of Fashion-MNIST; bars: 95 % over seeds of the search`,
        points: systems.map(({ system, cost, regret }) => ({
          name: SIX_SYSTEMS[system].title,
          cost: cost.mean,
          value: regret.mean,
          ...(cost.interval && { costInterval: cost.interval }),
          ...(regret.interval && { interval: regret.interval }),
        })),
        reference: {
          name: "random search, expected",
          costs: random.map((_, i) => i + 1),
          values: random.map((test) => best - test),
        },
        level: { name: "largest network, no training", value: largest.regret.mean },
        xTitle: "cost (trainings of the mean network)",
        yTitle: "below the best test accuracy (points)",
      }),
    );
  }

  /** What is true of these searches. */
  findings(): Findings {
    const { systems, noise, ratings } = this.summary;
    const named = (of: readonly SystemSummary[]) => of.map(({ system }) => SIX_SYSTEMS[system].title).join(", ");
    const aheadOf = (of: readonly SystemSummary[]) =>
      of.map(({ system, ahead }) => `${SIX_SYSTEMS[system].title} ${meanWords(ahead, 1)}`).join(", ");
    const sides = (["above", "below", "not told apart from"] as const).flatMap((side) => {
      const own = systems.filter(({ ahead }) => sideOf(ahead) === side);
      return own.length > 0 ? [`${side} random search of equal cost: ${aheadOf(own)}`] : [];
    });
    const cheapest = systems.reduce((a, b) => (b.cost.mean < a.cost.mean ? b : a));
    const dearest = systems.reduce((a, b) => (b.cost.mean > a.cost.mean ? b : a));
    const best = systems.reduce((a, b) => (b.again.mean > a.again.mean ? b : a));
    const [largest, validation, test] = this.summary.controls;
    const behind = systems.filter(({ behind: { mean, interval = [mean, mean] } }) => interval[0] > 0);
    return findings([
      `Points of test accuracy above what random search of equal cost is expected to find, with 95 % intervals that have the chance of the one training of each chosen network in them, and so are wider than the table's: ${sides.join("; ")}.`,
      `Costs lie between ${cheapest.cost.mean.toFixed(1)} (${SIX_SYSTEMS[cheapest.system].title}) and ${dearest.cost.mean.toFixed(1)} trainings (${SIX_SYSTEMS[dearest.system].title}); training all would cost ${this.summary.networks}.`,
      `A single test accuracy has a standard deviation of ${noise.deviation.toFixed(2)} points over seeds of the training (${noise.networks} networks trained twice), and the best of the table, ${test.test.mean.toFixed(1)} %, is the luckiest, too: after trainings from ${this.trainings} other seeds it has ${meanWords(test.again)} %.`,
      `Trained again, the highest is ${SIX_SYSTEMS[best.system].title}'s choice with ${meanWords(best.again)} %; the best of the table by validation has ${meanWords(validation.again)} %, the largest networks, which no search is needed for, ${meanWords(largest.again)} %.`,
      behind.length > 0
        ? `In these trainings ${named(behind)} ${behind.length > 1 ? "are" : "is"} behind the best by validation by more than chance; no other is told apart from it.`
        : "In these trainings no system is told apart from the best by validation.",
      `DNA rates all ${this.summary.networks} networks without training one: Kendall's tau-b with the test accuracies is ${meanWords(ratings.dna)}, that of multiply-adds alone ${ratings.macs.toFixed(2)}. Its teachers, of convolutions that the space does not have, are ${meanWords(ratings.teacher, 1)} % accurate.`,
      `Searches of ${this.of("dna").seeds} seeds (DNA, PocketNet) have wide intervals, and ${systems.filter(({ choices }) => choices === 1).length} of ${systems.length} systems chose the same network from every seed, so that their interval in the table is of no width and says nothing of the training's chance.`,
    ]);
  }

  private get trainings(): number {
    return Object.values(this.stored.again)[0].length;
  }

  private control(name: SystemsSummary["controls"][number]["name"]) {
    return this.summary.controls.find((one) => one.name === name)!;
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

/** By where an interval lies. */
function sideOf({ mean, interval = [mean, mean] }: MeanInterval): "above" | "below" | "not told apart from" {
  if (interval[0] > 0) return "above";
  return interval[1] < 0 ? "below" : "not told apart from";
}

/**
 * The stored searches of six systems on one table.
 * @param path Of a file that `npx blockwise study systems` wrote; the one that ships with Blockwise when left out.
 * @throws DataError when there is none.
 */
export function systems(path?: string): LabSystems {
  return new LabSystems(storedSystems(path));
}
