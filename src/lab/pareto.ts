import { DataError, formatCount, type StepContext } from "../core";
import type { PredictedNetwork } from "../viz";
import { factsOf, frontFacts, stageWords } from "./architecture-words";
import type { FrontNetwork } from "./front-network";
import type { LabData } from "./lab-data";
import { LabFound } from "./lab-found";
import { LabFront } from "./lab-front";
import { LabStudent } from "./lab-student";
import { LabTeacher } from "./lab-teacher";
import type { NetworkDesign } from "./network-design";
import { type RetrainRecipe, sameTraining } from "./retrain-recipe";

/** What can be a point of the front; found and random networks that were not retrained yet are, first. */
export type ParetoItem = LabTeacher | LabStudent | LabFound;

/**
 * Retrains what is not trained yet, measures all networks on the test split, and compares.
 * @param recipe How to retrain; as the last retraining of the same search unless given.
 * @throws DataError when the networks belong to different data sets: such accuracies do not compare.
 */
export async function pareto(
  items: readonly ParetoItem[],
  recipe: RetrainRecipe | undefined,
  context: StepContext,
): Promise<LabFront> {
  checkOneDataset(items);
  const teachers = items.filter((item) => item instanceof LabTeacher);
  const designs = distinct(items.filter((item) => !(item instanceof LabTeacher)));
  const students: LabStudent[] = [];
  for (const { item, label } of labelled(designs)) {
    const student =
      item instanceof LabStudent ? item : (item.student ?? (await retrainAs(item, label, recipe, context)));
    students.push(student);
  }
  const measured: FrontNetwork[] = [];
  for (const teacher of teachers) {
    measured.push({
      ...(await measure(teacher, teacher.data, context)),
      label: teachers.length > 1 ? teacher.architecture.name : "teacher",
      activationBytes: teacher.teacher.cost.activationBytes,
      architecture: stageWords(teacher.architecture),
    });
  }
  for (const [i, { label, item }] of labelled(designs).entries()) {
    const design = designOf(item);
    const { data, space } = design.session;
    const facts = factsOf(space, design.network);
    measured.push({ ...facts, ...(await measure(students[i], data, context)), label, score: design.score });
  }
  return new LabFront(measured, prediction(labelled(designs)), unlike(students), students);
}

function retrainAs(item: LabFound, label: string, recipe: RetrainRecipe | undefined, context: StepContext) {
  const task = `retrain ${label} (${formatCount(item.macs)} FLOPs)`;
  return item.retrain(recipe ?? item.session.recipe, { ...context, task });
}

function designOf(item: LabStudent | LabFound): NetworkDesign {
  return item instanceof LabStudent ? item.design : item;
}

function dataOf(item: ParetoItem): LabData {
  return item instanceof LabTeacher ? item.data : designOf(item).session.data;
}

function checkOneDataset(items: readonly ParetoItem[]): void {
  const all = items.map((item) => dataOf(item).dataset);
  const names = [...new Set(all.map(({ name }) => name))];
  if (names.length > 1) {
    throw new DataError(
      `lab.pareto: all networks must belong to one data set, got ${names.join(", ")}; draw one figure for each`,
      { datasets: names },
    );
  }
  if (new Set(all.map(({ fingerprint }) => fingerprint)).size > 1) {
    throw new DataError(
      `lab.pareto: all networks must share the images and their division, got ${names[0]} divided in different ways; use one lab.data for all`,
      { fingerprints: all.map(({ fingerprint }) => fingerprint) },
    );
  }
}

/** Each network once; of a network and its student the student, of found and random the found. */
function distinct(items: readonly (LabStudent | LabFound)[]): (LabStudent | LabFound)[] {
  const kept = new Map<string, LabStudent | LabFound>();
  const rank = (item: LabStudent | LabFound) => (item.kind === "found" ? 2 : 0) + (item instanceof LabStudent ? 1 : 0);
  for (const item of items) {
    const { id } = designOf(item);
    const known = kept.get(id);
    if (!known || rank(item) > rank(known)) kept.set(id, item);
  }
  return [...kept.values()];
}

/** "found 1", "found 2", ... by rising MACs, then "random 1", ... */
function labelled(items: readonly (LabStudent | LabFound)[]) {
  return (["found", "random"] as const).flatMap((kind) =>
    items
      .filter((item) => item.kind === kind)
      .sort((a, b) => a.macs - b.macs)
      .map((item, i) => ({ item, label: `${kind} ${i + 1}` })),
  );
}

async function measure(network: LabTeacher | LabStudent, data: LabData, context: StepContext): Promise<FrontNetwork> {
  const { kind, macs, params } = network;
  // Measuring is short; a bar for each would only be in the way.
  const accuracy = await network.testAccuracy({ signal: context.signal });
  const images = data.test.count;
  return {
    dataset: data.name,
    label: kind,
    kind,
    macs,
    params,
    accuracy,
    images,
    validationAccuracy: network.accuracy,
  };
}

/** The rated front and the ratings of the networks, where all come from one rating: others do not compare. */
function prediction(items: readonly { item: LabStudent | LabFound; label: string }[]) {
  const sessions = new Set(items.map(({ item }) => designOf(item).session));
  if (sessions.size !== 1) return {};
  const predicted = items.map(({ item, label }): PredictedNetwork => {
    const { kind, score, network, session } = designOf(item);
    return { ...factsOf(session.space, network), kind, label, score };
  });
  const designs = items.map(({ item }) => designOf(item)).filter((design) => design instanceof LabFound);
  const [widest] = designs.filter(({ kind }) => kind === "found").sort((a, b) => b.macs - a.macs);
  const front = widest?.front ?? [];
  return { predicted, predictedFront: widest ? frontFacts(widest.session.space, front) : [] };
}

function unlike(students: readonly LabStudent[]): string | undefined {
  const [first, ...others] = students.map(({ retrained }) => retrained.training);
  if (others.every((training) => sameTraining(first, training))) return undefined;
  return "Beware: the networks were not all trained with the same settings, so their accuracies compare trainings as well as architectures.";
}
