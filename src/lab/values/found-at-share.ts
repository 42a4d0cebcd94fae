import { kendallTauB } from "../../benchmark";
import { drawnEquals, equalsOf, type RatedSearch, type ScoredNetwork } from "../../benchmark/ranking";
import { formatCount, percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { paretoFigure, rankScatter } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";

const DATASET = "CIFAR-10 (accuracies of NAS-Bench-Macro)";

/** What the exact search finds at a share of the teacher's MACs, judged by networks that cost the same. */
export class LabFoundAtShare implements Displayable {
  private readonly equals: readonly ScoredNetwork[];

  constructor(
    /** By seed of the ratings. */
    private readonly rated: readonly RatedSearch[],
    /** All networks of the benchmark, with their scores under the first seed's ratings. */
    private readonly scored: readonly ScoredNetwork[],
    private readonly setting: { readonly share: number; readonly seed: number },
  ) {
    this.equals = equalsOf(rated[0].half.found, scored);
  }

  /** A row a seed: the network found beside the teacher, the truly best one and those of equal MACs. */
  table(): Table {
    const { rated } = this;
    const { teacher, leastBehindTeacher, best, limit } = rated[0].half;
    const network = ({ key, macs, accuracy }: { key: string; macs: number; accuracy: number }, behind: number) => [
      key,
      formatCount(macs),
      percent(macs / teacher.macs, 1),
      `${accuracy.toFixed(2)} %`,
      behind.toFixed(2),
    ];
    return new Table({
      title: `Teacher ${teacher.key}: ${teacher.accuracy.toFixed(2)} %, ${formatCount(teacher.macs)} MACs; at most ${formatCount(limit)} allowed`,
      columns: [
        ...["ratings", "found", "MACs", "of the teacher's", "true accuracy", "behind the teacher"],
        ...["mean of its equals", "above that", "equals", "of them beaten"],
      ],
      rows: [
        ...rated.map(({ seed, half: { found, behindTeacher, equals, aboveEquals } }) => [
          `seed ${seed}${found.isTuning ? " (a tuning network)" : ""}`,
          ...network(found, behindTeacher),
          `${equals.meanAccuracy.toFixed(2)} %`,
          aboveEquals.toFixed(2),
          equals.count,
          percent(equals.beaten, 0),
        ]),
        ["the truth itself", ...network(best, leastBehindTeacher), null, null, null, null],
      ],
      note: "Differences in points of the benchmark's mean accuracy over three trainings.",
    });
  }

  /** The first seed's found network beside its teacher and five of its equals: true accuracies, and what was predicted. */
  besideEquals(): FigureView {
    const [{ half, front }] = this.rated;
    const { teacher, limit, found } = half;
    const drawn = drawnEquals(this.equals, this.setting.seed);
    const measured = <Kind>(
      kind: Kind,
      { key: label, macs, accuracy }: Pick<ScoredNetwork, "key" | "macs" | "accuracy">,
    ) => {
      return { dataset: DATASET, label, kind, macs, accuracy: accuracy / 100 };
    };
    const predicted = <Kind>(
      kind: Kind,
      { key: label, macs, score }: Pick<ScoredNetwork, "key" | "macs" | "score">,
    ) => {
      return { label, kind, macs, score };
    };
    return new FigureView(
      paretoFigure({
        accuraciesFrom: "table",
        measured: [
          measured("teacher", teacher),
          measured("found", found),
          ...drawn.map((one) => measured("random" as const, one)),
        ],
        predictedFront: front.map(({ macs, score = 0 }) => ({ macs, score })),
        predicted: [predicted("found", found), ...drawn.map((one) => predicted("random" as const, one))],
        budgets: [{ macs: limit, label: `${percent(this.setting.share, 0)} of the teacher` }],
      }),
    );
  }

  /** All networks of equal MACs and the found one: score against true accuracy, ratings of the first seed. */
  atEqualMacs(): FigureView {
    const { key } = this.rated[0].half.found;
    const group = [...this.equals, ...this.scored.filter((one) => one.key === key)];
    return new FigureView(
      rankScatter({
        points: group.map(({ key, macs, accuracy, score }) => ({ key, predicted: score, actual: accuracy, macs })),
        tau: kendallTauB(
          group.map(({ score }) => -score),
          group.map(({ accuracy }) => accuracy),
        ),
        title: "Networks that cost what the found one costs",
        predictedTitle: "predicted: weighted sum of ratings (lower is better)",
        actualTitle: "true test accuracy (%)",
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table());
  }
}
