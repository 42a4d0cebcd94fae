import type { TrueNetwork } from "../../benchmark";
import { formatCount } from "../../core";
import { type ComparedSettings, settingBlockTaus } from "../../study/ranking";
import type { DistilledFor, FoundByTeacher, FoundByTeachers } from "../../systems/dna-studies";
import { studyCurve } from "../../viz";
import { FigureView } from "../display/figure-view";
import { decimals } from "../display/numbers";
import { Table } from "../display/table";
import { eachBlock, MEASURE_AXES, markedDifference } from "./settings-tables";

const TITLES = { tau: "Ranking as distillation goes on", concordance: "... among networks that cost the same" };

/** A measure by the epochs of the distillation, weighted and plain, beside multiply-adds alone. */
export function courseFigure(
  { seed, ranges, macs }: ComparedSettings,
  course: readonly DistilledFor[],
  measure: keyof typeof TITLES,
): FigureView {
  const x = course.map(({ epoch }) => epoch);
  return new FigureView(
    studyCurve({
      title: TITLES[measure],
      subtitle: `strong teacher, seed ${seed}; range of seeds, weighted: ${decimals(ranges.weighted[measure]) || "not known"}`,
      series: [
        ...(["weighted", "plain"] as const).map((sum) => {
          return { name: `${sum} sum`, x, y: course.map((one) => one[sum][measure]) };
        }),
        { name: "MACs alone", x, y: x.map(() => macs[measure]) },
      ],
      xTitle: "distillation (epochs)",
      yTitle: MEASURE_AXES[measure],
    }),
  );
}

/** The same supernets epoch by epoch; the losses are those of the training that all of them are checkpoints of. */
export function courseTable(
  compared: ComparedSettings,
  course: readonly DistilledFor[],
  truth: readonly TrueNetwork[],
): Table {
  const { first, there, stored, seed, ranges } = compared;
  const losses = eachBlock(compared, "loss, block");
  const absent = stored.variants.filter(({ name }) => !there.some((one) => one.name === name));
  return new Table({
    title: `Epoch by epoch, seed ${seed}`,
    columns: [
      ...["epoch", "tau, weighted", "less the last one's", "equal MACs, weighted", "regret, weighted"],
      ...eachBlock(compared, "tau, block"),
      ...losses,
    ],
    rows: course.map((one) => [
      one.epoch,
      decimals(one.weighted.tau),
      first && one.name !== first.name
        ? markedDifference(one.weighted.tau, first.weighted.tau, ranges.weighted.tau)
        : "",
      decimals(one.weighted.concordance),
      decimals(one.weighted.regret),
      ...settingBlockTaus(compared, one, truth).map((tau) => decimals(tau, 2)),
      ...losses.map((_, block) => first?.raw.losses[block]?.[one.epoch - 1]?.toPrecision(3) ?? ""),
    ]),
    note: absent.length > 0 ? `NOT RATED YET: ${absent.map(({ title }) => title).join("; ")}.` : undefined,
  });
}

/** What was found at half the multiply-adds of the largest network, by teachers and by other seeds of the first one. */
export function foundTable({ largest, best, teachers, otherSeeds }: FoundByTeachers, seed: number): Table {
  const cells = ({ key, macs, accuracy }: TrueNetwork) => [
    key,
    formatCount(macs),
    `${accuracy.toFixed(2)} %`,
    decimals(largest.accuracy - accuracy, 2),
  ];
  const row = ({ title, teacherKey, network, likeFirst }: FoundByTeacher) => [
    title,
    teacherKey,
    ...cells(network),
    decimals(likeFirst, 2),
  ];
  return new Table({
    title: `Found at half the MACs of ${largest.key} (${formatCount(largest.macs)}, ${largest.accuracy.toFixed(2)} %); weighted sums, seed ${seed}`,
    columns: [
      ...["teacher", "its key", "found", "MACs", "true accuracy", "behind the largest network"],
      "scores agree with the first teacher's (tau)",
    ],
    rows: [...[...teachers, ...otherSeeds].map(row), ["best possible", "", ...cells(best), ""]],
  });
}
