import { ConfigError, formatCount, parseCount } from "../core";
import type { RatedRow } from "../rate";
import type { Budget, CostName } from "../search";
import { opName } from "../space";
import { searchRatings } from "../systems/dna";
import { ratingMap } from "../viz";
import type { DataFrame } from "./danfo-types";
import { dataFrame } from "./data-frame";
import { DISPLAY, type Displayable, type MimeBundle } from "./display-protocol";
import { FigureView } from "./figure-view";
import { type AtEqualMacsOptions, LabFound } from "./lab-found";
import { rememberFound } from "./lab-random";
import type { SearchSession } from "./search-session";
import { showTogether } from "./show";
import { Table } from "./table";

/** Limits as numbers or text: `{ macs: "4M", params: "300k" }`. */
export type LabBudget = Readonly<Partial<Record<CostName, number | string>>>;

const LIMITS: readonly CostName[] = ["macs", "params", "activationBytes", "latencyMs"];
const BEST_SHOWN = 3;

/** The ratings of every candidate of every block: what search needs, as plain data. */
export class LabRatings implements Displayable {
  /** Random networks of the space to compare found ones with. */
  readonly random = {
    atEqualMacs: (found: LabFound, count: number, options: AtEqualMacsOptions = {}): LabFound[] =>
      found.random.atEqualMacs(count, options),
  };

  constructor(readonly session: SearchSession) {}

  /** `blocks[i]`: the rated candidates of block i, plain JSON. */
  get table(): SearchSession["table"] {
    return this.session.table;
  }

  /**
   * The network of least summed rating that meets all limits, exactly.
   * @throws BudgetInfeasibleError naming the least attainable, ConfigError for a limit that is no count.
   */
  search(budget: LabBudget = {}): LabFound {
    const limits = parseBudget(budget);
    const { best, front, traversalScore } = searchRatings(this.table, limits);
    const found = new LabFound(this.session, best, { budget: limits, front, traversalScore });
    rememberFound(found);
    return found;
  }

  /** All candidates, one a row, as a danfojs-node DataFrame. `macs` and `params` are those behind the narrowest block before. */
  frame(): Promise<DataFrame> {
    return dataFrame({
      columns: ["block", "cell", "path", "score", "mse", "width", "macs", "params"],
      rows: this.table.blocks.flat().map((row) => this.rowOf(row)),
    });
  }

  /** The best candidates of each block. */
  best(count = BEST_SHOWN): Table {
    const rows = this.table.blocks.flatMap((block) =>
      [...block]
        .sort((a, b) => a.score - b.score)
        .slice(0, count)
        .map((row) => this.rowOf(row)),
    );
    const total = this.table.blocks.reduce((sum, { length }) => sum + length, 0);
    return new Table({
      title: `${formatCount(total)} candidates rated; the ${count} best of each block`,
      columns: ["block", "cell", "path", "score", "mse", "width", "macs", "params"],
      rows: rows.map((row) => [...row.slice(0, 6), formatCount(Number(row[6])), formatCount(Number(row[7]))]),
      note: "Score: mean |Y \u2212 Y'| / std(Y) to the teacher's feature map on validation images; lower is better. ratings.frame() has all of them.",
    });
  }

  /** Which op helps in which layer. */
  map(): FigureView {
    const { space, table } = this.session;
    return new FigureView(
      ratingMap(
        table.blocks.map((candidates, block) => ({ block, ops: space.blocks[block].ops.map(opName), candidates })),
      ),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.best(), this.map());
  }

  private rowOf({ block, cell, path, score, mse, width, cost }: RatedRow) {
    const ops = path.map((op) => opName(this.session.space.blocks[block].ops[op])).join(" ");
    const least = (name: CostName) => Math.min(...Object.values(cost[name] ?? {}));
    return [block + 1, cell + 1, ops, score, mse, width, least("macs"), least("params")];
  }
}

function parseBudget(budget: LabBudget): Budget {
  const entries = Object.entries(budget).filter(([, limit]) => limit !== undefined);
  for (const [name] of entries) {
    if (!LIMITS.includes(name as CostName)) {
      throw new ConfigError(
        `ratings.search: a limit must be on one of ${LIMITS.join(", ")}, got "${name}"; FLOPs in the sense of multiply-adds are called macs`,
        { name },
      );
    }
  }
  // Counts are whole; a share of the teacher's seldom is.
  const limit = (name: string, value: number) => (name === "latencyMs" ? value : Math.floor(value));
  return Object.fromEntries(entries.map(([name, value]) => [name, limit(name, parseCount(value))]));
}
