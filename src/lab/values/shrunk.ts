import { ConfigError, checkOptions, type OptionRules, percent, rule, type StepContext } from "../../core";
import {
  type NetworkCost,
  type ShrinkBy,
  type ShrinkCost,
  type ShrunkNetwork,
  shrinkArchitecture,
  studentLike,
} from "../../cost";
import { checkLimitNames, resolveAmount } from "../../search";
import type { Teacher } from "../../teacher";
import { propertyTable, type Table } from "../display/table";
import { notebookContext } from "../session/notebook-context";
import type { LabBudget } from "../words/limits";
import { type RetrainRecipe, recipeOfTeacher } from "../words/retrain-recipe";
import type { LabData } from "./data";
import { LabNetwork } from "./network";

export interface ShrunkOptions<By = ShrinkBy> {
  /**
   * "width" (default): one factor for all channels. "compound": depth and width together as EfficientNet grows them (Tan and
   * Le, ICML 2019: 1.2^phi and 1.1^phi), the resolution fixed. A list gives one network each.
   */
  readonly by?: By;
}

const BY: readonly ShrinkBy[] = ["width", "compound"];
const METHOD = rule.oneOf(...BY);
const RULES: OptionRules<ShrunkOptions<unknown>> = { by: rule.either(METHOD, rule.list(METHOD)) };
/** What a teacher can be shrunk to a number of. */
const COSTS: readonly ShrinkCost[] = ["macs", "params", "activationBytes"];
/** Costs that lie no further from the target, as a share, are called equal to it. */
const EQUAL = 0.03;

/** The teacher's architecture shrunk uniformly to a cost: what a found network must beat. Not trained yet. */
export class LabShrunk extends LabNetwork {
  readonly by: ShrinkBy;
  /** How far its cost lies from what was asked, as a share of that; negative below it. */
  readonly off: number;

  constructor(
    readonly teacher: Teacher,
    readonly shrunk: ShrunkNetwork,
    data: LabData,
    private readonly target: { readonly cost: ShrinkCost; readonly words: string },
  ) {
    super(shrunkLabel(shrunk, teacher.cost), shrunk.architecture, data, undefined, "shrunk");
    this.by = shrunk.by;
    this.off = shrunk.off;
  }

  /**
   * Trains it on the labels from drawn weights.
   * @param recipe As networks found with this teacher were retrained last unless given: all trained alike.
   * @throws ConfigError for a warm start, TrainingError, InterruptedError.
   */
  override retrain(
    recipe: RetrainRecipe = recipeOfTeacher(this.teacher),
    context: StepContext = notebookContext(),
    teacher: Teacher = this.teacher,
  ): Promise<this> {
    return super.retrain(recipe, context, teacher);
  }

  override table(): Table {
    const { by, shrunk, off, target, teacher, accuracy } = this;
    const { width, depth } = shrunk;
    return propertyTable(
      `${teacher.architecture.name} shrunk by ${by === "width" ? "width" : "depth and width"} to ${target.words}`,
      {
        MACs: ofTeacher(this.macs, teacher.cost.macs),
        parameters: ofTeacher(this.params, teacher.cost.params),
        "width factor": Number(width.toFixed(3)),
        "layers of the blocks": percent(depth, 0),
        "validation accuracy": percent(accuracy),
      },
      `Channels are rounded to whole ones; ${target.cost} lie ${percent(Math.abs(off))} ${off < 0 ? "below" : "above"} the target${Math.abs(off) > EQUAL ? ", NOT within 3 %: channels are too few for a nearer one" : ""}.${by === "compound" && depth === 1 ? " No stage has a layer to spare at this cost, so all is done by width." : ""}`,
    );
  }
}

/**
 * A teacher shrunk uniformly.
 * @param target MACs as a number or text ("4M", or "45%" of the teacher's), or one of `{ macs }`, `{ params }`,
 *   `{ activationBytes }`.
 * @throws ConfigError when the target is none, or of more than one cost; BudgetInfeasibleError when it is too small.
 */
export function shrunkTeacher(
  teacher: Teacher,
  data: LabData,
  target: number | string | LabBudget,
  options: ShrunkOptions<ShrinkBy | readonly ShrinkBy[]> = {},
): LabShrunk[] {
  const where = "teacher.shrunk";
  checkOptions(where, options, RULES);
  const { by = "width" } = options;
  const { cost, value } = targetOf(where, target);
  const whole = teacher.cost[cost];
  const count = resolveAmount(where, cost, value, teacher.cost);
  if (!(count > 0 && count <= whole)) {
    throw new ConfigError(
      `${where}: the target must be above 0 and at most the teacher's ${cost}, ${whole}, got ${JSON.stringify(value)}; e.g. teacher.shrunk("45%")`,
      { target: value },
    );
  }
  const architecture = studentLike(teacher.architecture, data.dataset.classes.length);
  const words = `${value} ${cost === "macs" ? "MACs" : cost}`;
  return (typeof by === "string" ? [by] : by).map(
    (method) =>
      new LabShrunk(teacher, shrinkArchitecture(architecture, count, { cost, by: method }), data, { cost, words }),
  );
}

function targetOf(where: string, target: number | string | LabBudget): { cost: ShrinkCost; value: number | string } {
  if (typeof target === "number" || typeof target === "string") return { cost: "macs", value: target };
  checkLimitNames(where, target);
  const given = Object.entries(target).filter(([, value]) => value !== undefined);
  const [[cost, value] = []] = given;
  if (given.length !== 1 || cost === undefined || value === undefined) {
    throw new ConfigError(
      `${where}: the target must be one of { ${COSTS.join(" }, { ")} }, got ${JSON.stringify(target)}`,
    );
  }
  if (!COSTS.includes(cost as ShrinkCost)) {
    throw new ConfigError(
      `${where}: a teacher is shrunk to ${COSTS.join(", ")}, which are counted, not to ${cost}, which is measured; shrink to the found network's MACs, teacher.shrunk({ macs: found.macs }), and measure both with lab.latency`,
      { cost },
    );
  }
  return { cost: cost as ShrinkCost, value };
}

/** "shrunk 45%", "shrunk 45% (compound)". */
function shrunkLabel({ by, cost }: ShrunkNetwork, teacher: NetworkCost): string {
  return `shrunk ${Math.round((100 * cost.macs) / teacher.macs)}%${by === "width" ? "" : ` (${by})`}`;
}

function ofTeacher(count: number, whole: number): string {
  return `${count.toLocaleString("en-US")} (${percent(count / whole, 1)} of the teacher's)`;
}
