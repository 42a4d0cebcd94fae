import { fingerprint, formatCount, type StepContext } from "../../core";
import { type Dataset, datasetFingerprint } from "../../data";
import { type Retrained, retrainAll, type Training, TrainingsProgress } from "../../retrain";
import type { Teacher } from "../../teacher";
import { LabFound } from "../values/found";
import type { LabNetwork } from "../values/network";
import type { NetworkDesign } from "../values/network-design";
import { LabShrunk } from "../values/shrunk";
import { LabStudent } from "../values/student";
import { type RetrainRecipe, recipeOfTeacher } from "../words/retrain-recipe";
import type { SearchSession } from "./search-session";

/** A network of a search, trained or not. */
export type Student = LabStudent | LabFound;

export function designOf(item: Student): NetworkDesign {
  return item instanceof LabStudent ? item.design : item;
}

/** Names a network, whatever its space calls it: spaces of other ops or cells have the same choices for other networks. */
export function idOf({ architecture: { name: _, ...network } }: NetworkDesign): string {
  return fingerprint(network);
}

/** The networks of a comparison. */
export interface FrontItems {
  readonly designs: readonly { readonly item: Student; readonly label: string }[];
  readonly owns: readonly LabNetwork[];
  /** How to retrain; as before unless given. */
  readonly recipe: RetrainRecipe | undefined;
  /** Each network is trained once for each. */
  readonly seeds: readonly number[] | undefined;
  /** Whose answers own networks learn, where the recipe says so. */
  readonly teacher: Teacher | undefined;
  readonly session: SearchSession | undefined;
}

export interface TrainedItems {
  /** In the order of the designs. */
  readonly students: readonly LabStudent[];
  /** All trainings of what was trained for several seeds, in their order. */
  readonly repeats: ReadonlyMap<Student | LabNetwork, readonly Retrained[]>;
  /** Frees the trainings of which nothing is kept but their accuracies. */
  dispose(): void;
}

interface Planned extends Training {
  /** Equal for trainings that would end the same. */
  readonly key: string;
  readonly done: (retrained: Retrained) => void;
}

/** Trains what is not trained yet, all side by side, each once that would end the same. */
export async function trainMissing(items: FrontItems, context: StepContext): Promise<TrainedItems> {
  const { designs, owns, seeds } = items;
  const planned: Planned[] = [];
  const repeats = new Map<Student | LabNetwork, Retrained[]>();
  const kept = new Set<Retrained>();
  const results = new Map<string, Retrained>();
  const keyOf = keys();
  for (const { item } of designs) {
    const student = item instanceof LabStudent ? item : item.student;
    if (student) kept.add(student.retrained);
    if (student?.recipe) results.set(keyOf(student.design, student.recipe), student.retrained);
  }
  for (const { item, label } of designs) {
    const design = designOf(item);
    const student = item instanceof LabStudent ? item : item.student;
    if (!(design instanceof LabFound) || (student && !seeds)) continue;
    const recipe = items.recipe ?? student?.recipe ?? design.session.recipe;
    for (const [i, seed] of (seeds ?? [undefined]).entries()) {
      const own = seed === undefined ? recipe : { ...recipe, seed };
      const training = design.training(own, taskOf(label, design.macs, seed));
      const done = (retrained: Retrained) => {
        if (seeds) keep(repeats, item, retrained);
        if (i > 0) return;
        kept.add(retrained);
        if (design.student?.retrained !== retrained) design.trained(retrained, own);
      };
      planned.push({ ...training, key: keyOf(design, own), done });
    }
  }
  for (const own of owns) {
    if (own.isTrained) continue;
    const usual = own instanceof LabShrunk ? recipeOfTeacher(own.teacher) : undefined;
    const recipe = items.recipe ?? items.session?.recipe ?? usual ?? {};
    for (const [i, seed] of (seeds ?? [undefined]).entries()) {
      const { architecture, options } = own.trainingBy(
        seed === undefined ? recipe : { ...recipe, seed },
        items.teacher,
      );
      const done = (retrained: Retrained) => {
        if (seeds) keep(repeats, own, retrained);
        if (i > 0) return;
        kept.add(retrained);
        own.adopt(retrained);
      };
      const task = taskOf(own.label, own.macs, seed);
      planned.push({ architecture, options: { ...options, task }, key: `${own.label} ${planned.length}`, done });
    }
  }
  const first = planned.filter(
    ({ key }, i) => !results.has(key) && planned.findIndex((other) => other.key === key) === i,
  );
  const [data] = [...designs.map(({ item }) => designOf(item).session.data), ...owns.map((own) => own.data)];
  if (first.length > 0) {
    // What is complete is kept where the others are stopped.
    const onTrained = (index: number, retrained: Retrained) => {
      results.set(first[index].key, retrained);
      if (!seeds) first[index].done(retrained);
    };
    // A training by itself shows its curve; of many each would bury the others.
    const progress = new TrainingsProgress(context, `retrain ${first.length} networks`, first.length);
    await retrainAll(first, data.dataset, { onTrained, ...(first.length > 1 && { progress }) }, context);
  }
  for (const one of planned) if (seeds || !first.includes(one)) one.done(results.get(one.key)!);
  const students = designs.map(({ item }) => (item instanceof LabStudent && !seeds ? item : studentOf(item)));
  return {
    students,
    repeats,
    dispose: () => {
      for (const one of new Set([...repeats.values()].flat())) if (!kept.has(one)) one.dispose();
    },
  };
}

function studentOf(item: Student): LabStudent {
  const design = designOf(item);
  return (design instanceof LabFound ? design.student : undefined) ?? (item as LabStudent);
}

/** Names trainings by all that decides how they end. */
function keys(): (design: NetworkDesign, recipe: RetrainRecipe) => string {
  const starts = new Map<SearchSession["warmStart"], number>();
  // As the images are now: a dataset's own name of them was made when it was loaded.
  const images = new Map<Dataset, string>();
  return (design, recipe) => {
    const { warmStart, data } = design.session;
    if (!starts.has(warmStart)) starts.set(warmStart, starts.size);
    const { dataset } = data;
    if (!images.has(dataset)) images.set(dataset, datasetFingerprint(dataset));
    const decides = [idOf(design), { ...recipe, seed: recipe.seed ?? data.seed }];
    return fingerprint([...decides, starts.get(warmStart), images.get(dataset)]);
  };
}

function keep<Key>(repeats: Map<Key, Retrained[]>, key: Key, retrained: Retrained): void {
  repeats.set(key, [...(repeats.get(key) ?? []), retrained]);
}

function taskOf(label: string, macs: number, seed: number | undefined): string {
  return `retrain ${label} (${formatCount(macs)} MACs)${seed === undefined ? "" : `, seed ${seed}`}`;
}
