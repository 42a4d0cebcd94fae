import { ConfigError, checkOptions, DataError, type OptionRules, rule, type StepContext } from "../../core";
import type { Retrained } from "../../retrain";
import { meanOf } from "../../retrain";
import type { PredictedNetwork } from "../../viz";
import { factsOf, frontFacts, stageWords } from "../display/architecture-words";
import { designOf, idOf, type Student, trainMissing } from "../session/front-trainings";
import type { SearchSession } from "../session/search-session";
import { LabAlternatives } from "../values/alternatives";
import type { LabData } from "../values/data";
import { LabFound } from "../values/found";
import { LabFront } from "../values/front";
import type { FrontNetwork } from "../values/front-network";
import { LabNetwork } from "../values/network";
import { LabShrunk } from "../values/shrunk";
import { LabStudent } from "../values/student";
import { LabTeacher } from "../values/teacher";
import { isNetworkSource, NETWORK_FORMS, type NetworkSource, ownNetwork } from "./own-networks";
import { RECIPE_RULES, type RetrainRecipe, sameTraining } from "./retrain-recipe";

/**
 * What can be a point of the front; found and random networks that were not retrained yet are, first. Own networks are given
 * as they are where another one says which data they belong to, or by `lab.network(source, { data })`.
 */
export type ParetoItem = LabTeacher | LabStudent | LabFound | LabAlternatives | LabNetwork | NetworkSource;

type KnownItem = LabTeacher | LabStudent | LabFound | LabNetwork;

/** How to retrain, and how often. */
export interface ParetoRecipe extends RetrainRecipe {
  /**
   * Trains each network once for each seed; its accuracy is then the mean, with the standard error over its trainings. Teachers
   * and networks that were trained elsewhere have their one training.
   */
  readonly seeds?: readonly number[];
}

const SEEDS = rule.list(rule.whole);
const PARETO_RULES: OptionRules<ParetoRecipe> = {
  ...RECIPE_RULES,
  seeds: {
    must: `${SEEDS.must}, none twice`,
    holds: (value) => SEEDS.holds(value) && new Set(value as number[]).size === (value as number[]).length,
  },
};

/**
 * Retrains what is not trained yet, measures all networks on the test split, and compares.
 * @param recipe How to retrain; as the last retraining of the same search unless given.
 * @throws ConfigError when there is no network, or one is nothing that can be compared.
 * @throws DataError when the networks belong to different data sets: such accuracies do not compare.
 */
export async function pareto(
  given: readonly ParetoItem[],
  recipe: ParetoRecipe | undefined,
  context: StepContext,
): Promise<LabFront> {
  if (recipe !== undefined) checkOptions("lab.pareto", recipe, PARETO_RULES);
  const { seeds, ...once } = recipe ?? {};
  const usual = recipe !== undefined && Object.values(once).some((value) => value !== undefined) ? once : undefined;
  const items = known(given);
  checkOneDataset(items);
  const teachers = items.filter((item) => item instanceof LabTeacher);
  const designs = labelled(distinct(items.filter((item) => item instanceof LabStudent || item instanceof LabFound)));
  const owns = [...new Set(items.filter((item) => item instanceof LabNetwork))];
  const session = designs.map(({ item }) => designOf(item).session)[0];
  const teacher = session?.teacher ?? teachers[0]?.teacher;
  const trained = await trainMissing({ designs, owns, recipe: usual, seeds, teacher, session }, context);
  const measured: FrontNetwork[] = [];
  for (const one of teachers) {
    measured.push({
      ...(await measure(one, one.data, context)),
      label: teachers.length > 1 ? one.architecture.name : "teacher",
      activationBytes: one.teacher.cost.activationBytes,
      ...(one.teacher === session?.teacher && teacherTime(session)),
      architecture: stageWords(one.architecture),
    });
  }
  for (const [i, { label, item }] of designs.entries()) {
    const design = designOf(item);
    const { data } = design.session;
    measured.push({
      ...factsOf(design.session, design.network),
      ...(await measure(trained.students[i], data, context)),
      ...(await repeated(trained.repeats.get(item), seeds, data, context)),
      label,
      score: design.score,
      ...twinOf(designs, i),
    });
  }
  for (const [i, own] of owns.entries()) {
    const namesakes = owns.slice(0, i).filter(({ label }) => label === own.label).length;
    measured.push({
      ...(await measure(own, own.data, context)),
      ...(await repeated(trained.repeats.get(own), seeds, own.data, context)),
      label: namesakes > 0 ? `${own.label} (${namesakes + 1})` : own.label,
      ...(own instanceof LabShrunk && { curve: own.by }),
      activationBytes: own.cost.activationBytes,
      architecture: stageWords(own.architecture),
    });
  }
  trained.dispose();
  const { students } = trained;
  const trainings = [...students.map(({ retrained }) => retrained.training), ...owns.map(({ training }) => training!)];
  return new LabFront(measured, prediction(designs), unlike(trainings), students);
}

/** The teacher's latency by the ratings' table, where that has its layers. */
function teacherTime({ teacherLatencyMs, table }: SearchSession) {
  return teacherLatencyMs === undefined ? {} : { latencyMs: teacherLatencyMs, latencyOf: table.latencyOf };
}

/** Mean and standard error over the trainings of a network, one for each seed; nothing of one that was trained once. */
async function repeated(
  trainings: readonly Retrained[] | undefined,
  seeds: readonly number[] | undefined,
  data: LabData,
  { signal }: StepContext,
): Promise<Partial<FrontNetwork>> {
  if (!trainings || !seeds || trainings.length < 2) return {};
  const accuracies: number[] = [];
  for (const retrained of trainings) accuracies.push((await retrained.evaluate(data.test, { signal })).accuracy);
  const { mean: accuracy, standardError } = meanOf(accuracies);
  return { accuracy, standardError, validationAccuracy: meanOf(trainings.map((one) => one.accuracy)).mean, seeds };
}

/** The networks as what the lab knows, own ones on the data of the others. */
function known(given: readonly ParetoItem[]): KnownItem[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new ConfigError(
      `lab.pareto: networks must be a list of at least one, got ${Array.isArray(given) ? "none" : shownKind(given)}; a network may be ${NETWORK_FORMS}`,
    );
  }
  const items = given.flatMap((item): readonly Exclude<ParetoItem, LabAlternatives>[] =>
    item instanceof LabAlternatives ? item.networks : [item],
  );
  const whose = items.find((item) => isKnown(item));
  return items.map((item, i) => {
    if (isKnown(item)) return item;
    if (!isNetworkSource(item)) {
      throw new ConfigError(`lab.pareto: network ${i + 1} must be ${NETWORK_FORMS}, got ${shownKind(item)}`);
    }
    if (whose) return ownNetwork(item, dataOf(whose));
    throw new ConfigError(
      "lab.pareto: own networks must be told which data they belong to; give one as lab.network(source, { data }), or a teacher or found network beside them",
    );
  });
}

function isKnown(item: unknown): item is KnownItem {
  return (
    item instanceof LabTeacher || item instanceof LabStudent || item instanceof LabFound || item instanceof LabNetwork
  );
}

function shownKind(value: unknown): string {
  if (value === null || typeof value !== "object") return `${JSON.stringify(value) ?? typeof value}`;
  const name = value.constructor?.name;
  return name && name !== "Object"
    ? `a ${name}`
    : `an object with ${Object.keys(value).slice(0, 5).join(", ") || "nothing"}`;
}

/** Names the network before that is the same one. */
function twinOf(items: readonly { item: Student; label: string }[], index: number): { sameAs?: string } {
  const id = idOf(designOf(items[index].item));
  const twin = items.slice(0, index).find(({ item }) => idOf(designOf(item)) === id);
  return twin ? { sameAs: twin.label } : {};
}

function dataOf(item: KnownItem): LabData {
  return item instanceof LabTeacher || item instanceof LabNetwork ? item.data : designOf(item).session.data;
}

function checkOneDataset(items: readonly KnownItem[]): void {
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

/**
 * Each network once in each role, also of different searches; of a network and its student the student. A random network that
 * is also a found one stays a rival: without it the found one would be spared the rivals that are as good.
 */
function distinct(items: readonly Student[]): Student[] {
  const kept = new Map<string, Student>();
  for (const item of items) {
    const id = `${item.kind} ${idOf(designOf(item))}`;
    const before = kept.get(id);
    if (!before || (item instanceof LabStudent && !(before instanceof LabStudent))) kept.set(id, item);
  }
  return [...kept.values()];
}

/** "found 1", "found 2", ... by rising MACs, then "random 1", ... */
function labelled(items: readonly Student[]) {
  return (["found", "random"] as const).flatMap((kind) =>
    items
      .filter((item) => item.kind === kind)
      .sort((a, b) => a.macs - b.macs)
      .map((item, i) => ({ item, label: `${kind} ${i + 1}` })),
  );
}

async function measure(
  network: LabTeacher | LabStudent | LabNetwork,
  data: LabData,
  context: StepContext,
): Promise<FrontNetwork> {
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
function prediction(items: readonly { item: Student; label: string }[]) {
  const sessions = new Set(items.map(({ item }) => designOf(item).session));
  if (sessions.size !== 1) return {};
  const predicted = items.map(({ item, label }): PredictedNetwork => {
    const { kind, score, network, session } = designOf(item);
    return { ...factsOf(session, network), kind, label, score };
  });
  const designs = items.map(({ item }) => designOf(item)).filter((design) => design instanceof LabFound);
  const [widest] = designs.filter(({ kind }) => kind === "found").sort((a, b) => b.macs - a.macs);
  const front = widest?.front ?? [];
  return { predicted, predictedFront: widest ? frontFacts(widest.session, front) : [] };
}

function unlike(trainings: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  const [first, ...others] = trainings;
  if (others.every((training) => sameTraining(first, training))) return undefined;
  return "Beware: the networks were not all trained with the same settings, so their accuracies compare trainings as well as architectures.";
}
