import type { TrueNetwork } from "../../benchmark";
import { formatCount, percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { RetrainedRecord, Retraining } from "../../study/ranking";
import { paretoFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";

/** Networks of NAS-Bench-Macro that were trained here from scratch, a teacher among them. */
export class LabRetraining implements Displayable {
  private readonly accuracyOf: ReadonlyMap<string, number>;

  constructor(
    readonly stored: Retraining,
    private readonly teacherKey: string,
    truth: readonly TrueNetwork[],
  ) {
    this.accuracyOf = new Map(truth.map(({ key, accuracy }) => [key, accuracy]));
  }

  /** Test accuracy of the teacher less that of the first other network, points; null where one of the two was not trained. */
  get behindTeacher(): number | null {
    const [student, teacher] = this.pair();
    return student && teacher ? 100 * (teacher.testAccuracy - student.testAccuracy) : null;
  }

  /** A row a network: costs, accuracies here, and the benchmark's. */
  table(): Table {
    const { recipe, networks } = this.stored;
    return new Table({
      title: "Trained from scratch on this project's machine",
      columns: [
        ...["network", "MACs", "parameters", "test accuracy", "validation accuracy"],
        ...["the table's accuracy", "minutes", "seed"],
      ],
      rows: networks.map(({ key, macs, params, testAccuracy, validationAccuracy, minutes, seed }) => [
        key === this.teacherKey ? `${key} (teacher)` : key,
        formatCount(macs),
        formatCount(params),
        percent(testAccuracy),
        percent(validationAccuracy),
        this.inTable(key),
        minutes,
        seed,
      ]),
      note: `Recipe: ${JSON.stringify(recipe)}`,
    });
  }

  figure(): FigureView {
    return new FigureView(
      paretoFigure({
        measured: this.stored.networks.map(({ key, macs, params, testAccuracy }) => ({
          dataset: "CIFAR-10 (trained here)",
          label: key,
          kind: key === this.teacherKey ? "teacher" : "found",
          macs,
          params,
          accuracy: testAccuracy,
        })),
      }),
    );
  }

  /** A sentence: how far the two are apart here, and in the benchmark's table; undefined where one of them was not trained. */
  verdict(): string | undefined {
    const [student, teacher] = this.pair();
    if (!student || !teacher || this.behindTeacher === null) return undefined;
    const [a, b] = [student, teacher].map(({ key }) => this.accuracyOf.get(key) ?? Number.NaN);
    const long = Number.isNaN(b - a) ? "not known" : `${(b - a).toFixed(2)} apart`;
    return `Trained here, one seed each: ${student.key} ${percent(student.testAccuracy)}, the teacher ${percent(teacher.testAccuracy)}: ${this.behindTeacher.toFixed(2)} points apart, where the benchmark's long trainings are ${long}.`;
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }

  private inTable(key: string): string {
    const accuracy = this.accuracyOf.get(key);
    return accuracy === undefined ? "not in the table" : `${accuracy.toFixed(2)} %`;
  }

  /** The first network that is no teacher, and the teacher. */
  private pair(): readonly [RetrainedRecord | undefined, RetrainedRecord | undefined] {
    const { networks } = this.stored;
    const of = (isTeacher: boolean) => networks.find(({ key }) => (key === this.teacherKey) === isTeacher);
    return [of(false), of(true)];
  }
}
