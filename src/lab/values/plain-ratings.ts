import type { Agreement } from "../../benchmark/ranking";
import { ConfigError, checkOptions, type OptionRules, rule } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { StoredStudy } from "../../study/ranking";
import { decimals } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";

/** What a plain rating is to reach. */
export interface PlainTargets {
  readonly tau: number;
  /** At equal MACs. */
  readonly concordance: number;
  /** Points; lower is better. */
  readonly regret: number;
}

const RULES: OptionRules<PlainTargets> = {
  tau: rule.within(-1, 1),
  concordance: rule.within(-1, 1),
  regret: rule.from(0),
};
const TITLES = { tau: "tau", concordance: "equal-MACs concordance", regret: "regret" };
const NAMES = Object.keys(TITLES) as (keyof PlainTargets)[];

/** The settings of a study by the plain sum of their ratings: no accuracies are used at all. */
export class LabPlainRatings implements Displayable {
  constructor(
    private readonly stored: StoredStudy,
    /** Whose values stand beside the means over seeds. */
    private readonly seed: number,
  ) {}

  /** Means over the seeds that are there, and one seed's values, by which settings with that seed alone can be compared. */
  table(): Table {
    const { title, measure, variants } = this.stored;
    const cells = (of?: Agreement) => NAMES.map((name) => decimals(of?.[name]));
    return new Table({
      title: `${title}; plain sum, rated by ${measure}, no accuracies used`,
      columns: [
        ...["setting", "seeds"],
        ...["mean", `seed ${this.seed}`].flatMap((of) =>
          ["tau-b", "equal MACs", "regret"].map((name) => `${name}, ${of}`),
        ),
      ],
      rows: variants.map(({ title, summary }) => [
        title,
        summary ? summary.seeds.join(" ") : "NO RATINGS YET",
        ...cells(summary?.plain),
        ...cells(summary?.plainBySeed[summary.seeds.indexOf(this.seed)]),
      ]),
    });
  }

  /**
   * A sentence a measure: which setting is best by it, and whether it reaches the target; means over seeds.
   * @throws ConfigError when a target is missing or no setting has ratings.
   */
  sentences(targets: PlainTargets): string[] {
    checkOptions("plainRatings.sentences", targets, RULES);
    return NAMES.map((name) => {
      const { title, value } = this.best(name);
      const target = targets[name];
      if (target === undefined) {
        throw new ConfigError(`plainRatings.sentences: targets must have ${NAMES.join(", ")}, and lack ${name}`, {
          targets,
        });
      }
      const reached = name === "regret" ? value <= target : value >= target;
      return `Best ${TITLES[name]}: ${value.toFixed(3)} (${title}); aimed at ${target}: ${reached ? "reached" : "not reached"}.`;
    });
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table());
  }

  private best(name: keyof PlainTargets): { readonly title: string; readonly value: number } {
    const rated = this.stored.variants.flatMap(({ title, summary }) =>
      summary ? [{ title: `${title}, seeds ${summary.seeds.join(" ")}`, value: summary.plain[name] }] : [],
    );
    if (rated.length === 0) {
      throw new ConfigError(`plainRatings: there must be ratings of ${this.stored.name}, and there are none`, {
        study: this.stored.name,
      });
    }
    return rated.reduce((best, one) =>
      (name === "regret" ? one.value < best.value : one.value > best.value) ? one : best,
    );
  }
}
