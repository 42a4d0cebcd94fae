import type { TrueNetwork } from "../../benchmark";
import {
  type Agreement,
  type AgreementOptions,
  type AgreementReport,
  agreementReport,
  type OwnTrueNetwork,
  ownTruth,
} from "../../benchmark/ranking";
import {
  ConfigError,
  checkOptions,
  DataError,
  type Interval,
  nearestName,
  type OptionRules,
  readJson,
  rule,
  unknownName,
} from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type FoundNetwork, foundNetwork, type RatedCandidate } from "../../search";
import { networkId } from "../../space";
import { rankScatter } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { LabFound } from "./found";
import { LabFront } from "./front";
import { LabRatings } from "./ratings";
import { LabStudent } from "./student";

/**
 * A network with its true accuracy: by its key (`found.id`, "c0.1-2_c1.0"), by the network itself, or a retrained one, whose
 * validation accuracy counts.
 */
export type TruthItem =
  | OwnTrueNetwork
  | (Omit<OwnTrueNetwork, "key"> & { readonly network: Pick<FoundNetwork, "choice"> | LabFound })
  | LabStudent
  | LabFound;

/** What ranks: ratings of a space, or numbers by the networks' keys; **lower is better** in all of them. */
export type Ranking = LabRatings | Readonly<Record<string, number>> | ((network: TrueNetwork) => number);

export interface LabAgreementOptions extends AgreementOptions {
  /** What tables and figures call the ranking. */
  readonly label?: string;
}

const AGREEMENT_RULES: OptionRules<LabAgreementOptions> = {
  label: rule.text,
  draws: rule.wholeFrom(1),
  seed: rule.whole,
  budgets: rule.list(rule.above(0), 0),
};

/** What a row of a table of truth may have. */
const ROW: readonly (keyof OwnTrueNetwork | "network")[] = [
  "key",
  "network",
  "accuracy",
  "macs",
  "params",
  "trainings",
];

/** What a ranking is worth against true accuracies, of any space. */
export class LabAgreement implements Displayable {
  constructor(
    /** All numbers, plain data. */
    readonly report: AgreementReport,
    readonly networks: readonly TrueNetwork[],
    /** One a network, lower is better. */
    readonly scores: readonly number[],
    private readonly label: string,
  ) {}

  /** How well the ranking agrees, with 95 % intervals, beside rankings that need no search. */
  table(): Table {
    const { agreement, intervals, baselines, networks, budgets } = this.report;
    const row = (name: string, of: Agreement, with95?: Readonly<Record<keyof Agreement, Interval>>) => [
      name,
      ...COLUMNS.map(([measure, digits]) => words(of[measure], with95?.[measure], digits)),
    ];
    return new Table({
      title: `Agreement with the true accuracies of ${networks} networks`,
      columns: ["ranking", "tau-b", "rho", "r", "tau given MACs", "equal MACs", "regret (points)"],
      rows: [
        row(this.label, agreement, intervals),
        ...(baselines.macs ? [row("MACs alone", baselines.macs)] : []),
        ...(baselines.params ? [row("parameters alone", baselines.params)] : []),
        ...(baselines.ceiling ? [row("one training against another", baselines.ceiling)] : []),
      ],
      note: [
        "In brackets 95 % intervals of the bootstrap over networks. tau given MACs: Kendall's partial tau; equal MACs: concordant less discordant pairs whose MACs differ by at most 2.5 %, as a share of them.",
        budgets.length > 0
          ? `Regret: best true accuracy under a limit of MACs less that of the network ranked first there, mean over ${budgets.length} limits.`
          : "Without MACs of all networks nothing is said of equal cost.",
      ].join(" "),
    });
  }

  /** True accuracy against the ranking's score, a point a network. */
  figure(): FigureView {
    const { agreement, intervals } = this.report;
    const [low, high] = intervals.tau;
    return new FigureView(
      rankScatter({
        points: this.networks.map(({ key, accuracy, macs }, i) => ({
          key,
          predicted: this.scores[i],
          actual: accuracy,
          ...(Number.isFinite(macs) && { macs }),
        })),
        tau: agreement.tau,
        ...(Number.isFinite(low) && { interval: [low, high] as const }),
        title: `Does ${this.label} rank networks rightly?`,
        predictedTitle: `${this.label} (lower is better)`,
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

const COLUMNS: readonly (readonly [keyof Agreement, number])[] = [
  ["tau", 3],
  ["spearman", 3],
  ["pearson", 3],
  ["partialTau", 3],
  ["concordance", 3],
  ["regret", 2],
];

function words(value: number, interval: Interval | undefined, digits: number): string {
  if (Number.isNaN(value)) return "not measured";
  if (!interval?.every(Number.isFinite)) return value.toFixed(digits);
  return `${value.toFixed(digits)} [${interval[0].toFixed(digits)}, ${interval[1].toFixed(digits)}]`;
}

/**
 * Compares a ranking with a table of true accuracies; see `lab.agreement`.
 * @throws DataError for a malformed table, ConfigError when a network has no score.
 */
export function agreementOf(
  ranking: Ranking,
  truth: Iterable<TruthItem> | LabFront | string,
  given: LabAgreementOptions = {},
): LabAgreement {
  checkOptions("lab.agreement", given, AGREEMENT_RULES);
  const { label, ...options } = given;
  const items: unknown =
    typeof truth === "string"
      ? readJson(truth, { what: "a list of networks with their true accuracies", byUser: true })
      : truth instanceof LabFront
        ? truth.students
        : truth;
  if (typeof items !== "object" || items === null || !(Symbol.iterator in items)) {
    throw new ConfigError(
      `lab.agreement: the truth must be a list of networks { key, accuracy, macs?, params?, trainings? }, retrained networks or the path of a JSON file with such a list, got ${JSON.stringify(items)?.slice(0, 80)}`,
    );
  }
  const where = typeof truth === "string" ? truth : "lab.agreement, table of truth";
  const entries = Array.from(items as Iterable<TruthItem>, (item, i) => {
    checkRow(item, `${where}, network ${i + 1}`);
    return entryOf(item, ranking);
  });
  const networks = ownTruth(entries, where);
  const scores = networks.map((network) => scoreOf(ranking, network));
  const name = label ?? (ranking instanceof LabRatings ? "summed rating" : "score");
  const report = agreementReport(
    networks,
    scores.map((score) => -score),
    options,
  );
  return new LabAgreement(report, networks, scores, name);
}

/**
 * Tables from elsewhere may say more of a network than is read. A name that is unknown while what must or may be there is
 * absent, and is nearest to it, is a slip.
 * @throws DataError naming what was meant.
 */
function checkRow(item: unknown, where: string): void {
  if (item instanceof LabStudent || item instanceof LabFound || typeof item !== "object" || item === null) return;
  const absent = ROW.filter((name) => !(name in item));
  for (const name of Object.keys(item)) {
    if ((ROW as readonly string[]).includes(name)) continue;
    const near = nearestName(name, ROW);
    if (near === undefined || !(absent as readonly string[]).includes(near)) continue;
    throw new DataError(`${where}: ${unknownName(JSON.stringify(name), name, ROW)}`, { name });
  }
}

/** A network as the table has it; MACs and parameters as they are counted where the network is of a rated space. */
function entryOf(item: TruthItem, ranking: Ranking): OwnTrueNetwork {
  if (item instanceof LabStudent) {
    const { accuracy, macs, params, design } = item;
    return { key: design.id, accuracy, macs, params };
  }
  if (item instanceof LabFound) {
    if (item.student) return entryOf(item.student, ranking);
    throw new ConfigError(
      "lab.agreement: a network must be retrained first; call await found.retrain(), or give { network, accuracy }",
    );
  }
  if (typeof item !== "object" || item === null) return item;
  const { network, ...rest } = item as { network?: Pick<FoundNetwork, "choice"> | LabFound } & Partial<OwnTrueNetwork>;
  const choice = network instanceof LabFound ? network.network.choice : network?.choice;
  const key = rest.key ?? (choice && networkId(choice));
  if (!(ranking instanceof LabRatings) || typeof key !== "string") return { ...rest, key } as OwnTrueNetwork;
  const { macs, params } = foundNetwork(ranking.table, choiceOf(ranking, key)).cost;
  return { ...rest, key, macs: rest.macs ?? macs, params: rest.params ?? params } as OwnTrueNetwork;
}

function scoreOf(ranking: Ranking, network: TrueNetwork): number {
  const score: unknown =
    ranking instanceof LabRatings
      ? foundNetwork(ranking.table, choiceOf(ranking, network.key)).score
      : typeof ranking === "function"
        ? ranking(network)
        : ranking?.[network.key];
  if (typeof score === "number" && Number.isFinite(score)) return score;
  throw new ConfigError(
    `lab.agreement: each network must have a finite score, got ${String(score)} for ${network.key}`,
    {
      key: network.key,
    },
  );
}

/** The candidates that a key names. */
function choiceOf({ table, session }: LabRatings, key: string): RatedCandidate[] {
  const prefix = `${session.space.name}/`;
  const parts = (key.startsWith(prefix) ? key.slice(prefix.length) : key).split("_");
  const choice = table.blocks.map((rows, block) =>
    rows.find(({ cell, path }) => `c${cell}.${path.join("-")}` === parts[block]),
  );
  if (parts.length === choice.length && choice.every((row) => row !== undefined)) return choice;
  const example = networkId(table.blocks.map((rows) => rows[0]));
  throw new ConfigError(
    `lab.agreement: a key must be a network's id in the rated space ${session.space.name} (found.id), such as "${example}", got ${JSON.stringify(key)}`,
    { key },
  );
}
