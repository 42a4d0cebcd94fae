import { Teacher } from "../teacher";
import { LoadedNetwork } from "./found-file";
import type { Retrained } from "./retrain";

/**
 * A trained student as a teacher of the next round (DNA+, arXiv 2403.01326: the network found teaches the next search).
 * It sees images as the student does. Its accuracy is what was measured on the validation split; undefined without any.
 *
 * The network is shared, not copied: dispose the teacher or the student, not both, once neither is needed.
 * @param student What `retrain` gave, or what `loadFound` read.
 */
export function asTeacher(student: Retrained | LoadedNetwork): Teacher {
  if (student instanceof LoadedNetwork) {
    const { architecture, preprocessing, classes, measured } = student.record;
    const [validation] = measured.filter(({ split }) => split === "validation");
    const history = {
      epochs: [],
      accuracy: validation?.accuracy,
      validationImages: validation?.images ?? 0,
      imagesPerSecond: 0,
    };
    const dataset = (validation ?? measured[0])?.dataset ?? "unknown";
    return new Teacher(student.network, { architecture, preprocessing, classes, dataset, history });
  }
  const { network, architecture, dataset, preprocessing, history } = student;
  const { classes, name } = dataset;
  return new Teacher(network, { architecture, preprocessing, classes, dataset: name, history });
}
