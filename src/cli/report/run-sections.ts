import { engineLabel, formatCount, formatDuration, percent } from "../../core";
import { ratedTable } from "../../rate";
import { errorOf, errorWords, ratedWords } from "../../retrain";
import { exactFront } from "../../search";
import { countCandidates, countCells, countNetworks, formatShape, opName } from "../../space";
import { calibratedTable, joinedTable, ratedBy } from "../../study";
import type { TrainingHistory } from "../../train";
import {
  costBars,
  evidenceFront,
  lossCurves,
  type PageSection,
  paretoFigure,
  ratedFrontFigure,
  ratingMap,
  supernetSketch,
  trainingCurve,
} from "../../viz";
import { frontSentences } from "./front-words";
import type { RecordedRun } from "./recorded-run";

/** The parts of a run's page, as far as the run came. */
export function runSections(run: RecordedRun): PageSection[] {
  return [outcome, search, evidence, ratings, distillation, space, teacher, setting].flatMap(
    (section) => section(run) ?? [],
  );
}

function outcome({ front }: RecordedRun): PageSection {
  if (!front) {
    return {
      heading: "The front",
      words: "This run is not finished: no accuracies were measured on the test images yet. Below is what is there.",
    };
  }
  const { measured, ratedBy, ...predicted } = front;
  const bars = measured.map((network) => ({ ...network, standardError: errorOf(network) }));
  const measure = ratedBy?.evidence && `what ${ratedBy.evidence.networks} brief trainings say`;
  return {
    heading: "The front",
    words: frontSentences(front).join(" "),
    figures: [
      paretoFigure({ measured: bars, ...predicted, errorWords: errorWords(measured), ...(measure && { measure }) }),
    ],
    tables: [
      {
        columns: ["network", "MACs", "parameters", "test accuracy", "standard error", "validation accuracy", "rating"],
        rows: measured.map(({ validationAccuracy, score, ...network }) => [
          network.label,
          formatCount(network.macs),
          formatCount(network.params),
          percent(network.accuracy),
          percent(errorOf(network)),
          percent(validationAccuracy),
          score === undefined ? null : Number(score.toFixed(4)),
        ]),
        note: "Test accuracies are of networks trained to the end; the rating is what was predicted before (lower is better).",
      },
    ],
  };
}

function search({ search: found, front }: RecordedRun): PageSection | undefined {
  if (!found) return undefined;
  const { best, budget } = found;
  return {
    heading: "Search",
    words: `The network of least summed rating within the budget has ${formatCount(best.macs)} MACs, ${formatCount(best.params)} parameters and a summed rating of ${best.score.toFixed(4)}.`,
    figures: front ? [ratedFrontFigure({ front: front.predictedFront, best, budgetMacs: budget.macs })] : [],
  };
}

function evidence({ evidence: gathered, rated, space: recorded, config }: RecordedRun): PageSection | undefined {
  if (!gathered || !recorded || rated.length < recorded.space.blocks.length) return undefined;
  const { space } = recorded;
  const byBlock = [...rated].sort((a, b) => a.block - b.block).map(({ candidates }) => [...candidates]);
  const joined = joinedTable(ratedTable(space, byBlock), config.search ?? {});
  const { table, calibration } = calibratedTable(space, joined, gathered);
  const { networks } = gathered;
  const most = Math.max(...networks.map(({ macs }) => macs));
  const front = exactFront(table, { axis: "macs" })
    .map((network) => ({ macs: network.cost.macs ?? 0, ...calibration.predict(network) }))
    .filter(({ macs }) => macs <= 1.1 * most);
  const rating = ratedBy(config.rate.score, gathered, calibration);
  const { epochs, images } = gathered;
  return {
    heading: "Evidence",
    words: `${ratedWords(rating)} A training lies ${(100 * calibration.noise).toFixed(2)} points (standard deviation) about the sum over blocks.`,
    figures: [
      evidenceFront({
        evidence: networks.map((network, i) => ({ label: `network ${i + 1}`, ...network })),
        front,
        title: `What ${networks.length} brief trainings let expect`,
        training: `${epochs === 1 ? "1 epoch" : `${epochs} epochs`} of ${formatCount(images)} images`,
      }),
    ],
    tables: [
      {
        columns: ["network", "round", "MACs", "validation accuracy", "id"],
        rows: networks.map(({ id, macs, accuracy, round }, i) => [
          i + 1,
          round,
          formatCount(macs),
          percent(accuracy),
          id,
        ]),
        note: "Trained briefly, as evidence alone; the networks of the front were trained anew.",
      },
    ],
  };
}

function ratings({ rated, space: recorded }: RecordedRun): PageSection | undefined {
  if (!recorded || rated.length === 0) return undefined;
  const { blocks } = recorded.space;
  return {
    heading: "Ratings",
    words: `Relative L1 distance to the teacher's feature map on ${rated[0].images} validation images; lower is better.`,
    figures: [
      ratingMap(rated.map(({ block, candidates }) => ({ block, ops: blocks[block].ops.map(opName), candidates }))),
    ],
    tables: [
      {
        columns: ["block", "candidates", "best", "median", "worst", "best candidate"],
        rows: rated.map(({ block, candidates }) => {
          const sorted = [...candidates].sort((a, b) => a.score - b.score);
          const ops = sorted[0].path.map((op) => opName(blocks[block].ops[op])).join(" ");
          const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))].score;
          return [block + 1, sorted.length, at(0), at(0.5), at(1), `cell ${sorted[0].cell + 1}: ${ops}`];
        }),
      },
    ],
  };
}

function distillation({ distilled }: RecordedRun): PageSection | undefined {
  if (distilled.length === 0) return undefined;
  const curves = distilled.flatMap(({ block, history }) =>
    history.map((epochs, cell) => ({
      block,
      cell,
      at: epochs.map(({ epoch }) => epoch),
      losses: epochs.map(({ loss }) => loss),
    })),
  );
  return { heading: "Distillation", figures: [lossCurves(curves)] };
}

function space({ space: recorded }: RecordedRun): PageSection | undefined {
  if (!recorded) return undefined;
  const { blocks } = recorded.space;
  const counts = countCells(recorded.space);
  const sketched = blocks.map(({ input, output, ...block }, i) => {
    const cells = block.cells.map((cell, j) => ({ ...cell, candidates: Number(counts[i][j]) }));
    return { block: i, cells, input: formatShape(input), output: formatShape(output) };
  });
  return {
    heading: "Search space",
    words: `${countCandidates(recorded.space)} candidates stand for ${countNetworks(recorded.space).toLocaleString("en-US")} networks.`,
    figures: [supernetSketch(sketched)],
  };
}

function teacher({ teacher: trained, space: recorded, config }: RecordedRun): PageSection | undefined {
  if (!trained) return undefined;
  const { architecture, macs, params, history } = trained;
  const blocks = recorded?.blocks ?? [];
  const parts = blocks.map(({ index, macs, params }) => ({ name: `block ${index + 1}`, macs, params }));
  const rest = (whole: number, key: "macs" | "params") => whole - blocks.reduce((sum, block) => sum + block[key], 0);
  parts.push({ name: "head", macs: rest(macs, "macs"), params: rest(params, "params") });
  const { file, featuresOnly } = config.teacher;
  const origin = file
    ? `from ${file}${featuresOnly ? ", for its feature maps alone" : ""}`
    : `after ${history.epochs.length} epochs (${formatDuration(trainedMs(history))})`;
  return {
    heading: "Teacher",
    words: `${architecture} on ${config.data.name}: ${formatCount(macs)} MACs, ${formatCount(params)} parameters, ${featuresOnly ? "" : `${accuracyOf(history)} `}${origin}.`,
    figures: [
      // Of a network that was found before, only the accuracy is known.
      ...(history.epochs.length > 0 ? [trainingCurve(architecture, history.epochs)] : []),
      ...(blocks.length > 0 ? [costBars([{ label: "teacher", parts }])] : []),
    ],
  };
}

function setting({ config, sittings, engines, retrained }: RecordedRun): PageSection {
  const { seed, data, distill, rate, retrain } = config;
  const rows: [string, string | number][] = [
    ["seed", seed],
    ["data", `${data.name}, ${data.validationCount === undefined ? "some" : data.validationCount} images held out`],
    ["distillation", `${distill.images} images, ${distill.epochs} epochs, ${distill.sampler} paths`],
    ["rating", `${rate.images} images`],
    ...(config.improve
      ? [["evidence", `${config.improve.networks} networks of ${config.improve.epochs} epochs`] as [string, string]]
      : []),
    ["retraining", `${retrain.epochs} epochs`],
    ...retrained.map(({ label, history }): [string, string] => [
      `retraining of ${label}`,
      `${percent(history.accuracy)} validation accuracy, ${formatDuration(trainedMs(history))}`,
    ]),
    ...sittings.flatMap(({ since, cpu, cores, platform, node, engine }, i): [string, string][] => [
      [i === 0 ? "machine" : `machine since ${since}`, `${cpu}, ${cores} cores, ${platform}`],
      ["engine", `${engineLabel(engine)}, ${engine.threads} threads`],
      ["node", node],
    ]),
    ...stepsByEngine(engines),
  ];
  return { heading: "Setting", tables: [{ columns: ["", "value"], rows }] };
}

function accuracyOf({ accuracy, validationImages }: TrainingHistory): string {
  return accuracy === undefined
    ? "accuracy not measured on validation images,"
    : `${percent(accuracy)} on ${validationImages} validation images`;
}

/** Which step ran on which engine, where they are not all the same. */
function stepsByEngine(engines: RecordedRun["engines"]): [string, string][] {
  const steps = new Map<string, string[]>();
  for (const { step, threads, ...used } of engines) {
    const engine = `${engineLabel(used)}, ${threads} threads`;
    steps.set(engine, [...(steps.get(engine) ?? []), step]);
  }
  if (steps.size < 2) return [];
  return [...steps].map(([engine, by]) => [`steps by ${engine}`, by.join(", ")]);
}

function trainedMs({ epochs }: TrainingHistory): number {
  return epochs.reduce((sum, { durationMs }) => sum + durationMs, 0);
}
