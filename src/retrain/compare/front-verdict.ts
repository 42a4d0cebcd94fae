import { formatCount, percent } from "../../core";
import { type ComparedNetwork, comparisons, type FrontComparison } from "./front-comparison";
import { costWords } from "./measured-front";

/** More random networks are summed up. */
const LISTED = 3;
/** A difference of fewer standard errors may be chance. */
const SURE = 2;

/** Sentences on how found networks compare with random ones of equal cost, the shrunk teacher and the teacher. */
export function verdict(given: readonly ComparedNetwork[]): string {
  const networks = given.filter(({ accuracy, macs }) => Number.isFinite(accuracy) && Number.isFinite(macs));
  const unmeasured = given.filter((network) => !networks.includes(network)).map(({ label }) => label);
  const of = (kind: ComparedNetwork["kind"]) => networks.filter((network) => network.kind === kind);
  const found = of("found");
  const compared = comparisons(networks);
  const [teacher] = of("teacher");
  const sentences: string[] = [];
  sentences.push(...againstRivals(compared));
  if (found.length > 0 && teacher) {
    const [best] = [...found].sort((a, b) => b.accuracy - a.accuracy);
    sentences.push(againstTeacher(`The most accurate found network, ${best.label},`, best, teacher));
  }
  const own = of("own");
  if (own.length > 0) sentences.push(ofOwn(own, networks));
  sentences.push(...drawnAndFound(networks));
  if (unmeasured.length > 0) sentences.push(`Left out, for they were not measured: ${unmeasured.join(", ")}.`);
  if (sentences.length === 0)
    return "There is nothing to compare yet: give found networks and random ones, or a teacher.";
  return sentences.join(" ");
}

/**
 * A sentence on a network beside the teacher: "<subject> has 27.0 % of the teacher's MACs and lies 1.20 points below ...".
 * @param teacher Undefined where it gave its feature maps alone, which is said.
 */
export function againstTeacher(
  subject: string,
  network: Pick<ComparedNetwork, "macs" | "accuracy">,
  teacher: Pick<ComparedNetwork, "macs" | "accuracy"> | undefined,
): string {
  if (!teacher) {
    return `${subject} has ${formatCount(network.macs)} MACs and ${percent(network.accuracy)} test accuracy. The teacher gave its feature maps alone: it does not tell these classes apart, and has no accuracy here.`;
  }
  const gap = 100 * (teacher.accuracy - network.accuracy);
  const where = gap >= 0 ? `${gap.toFixed(2)} points below` : `${(-gap).toFixed(2)} points above`;
  return `${subject} has ${percent(network.macs / teacher.macs, 1)} of the teacher's MACs and lies ${where} the teacher (${percent(network.accuracy)} against ${percent(teacher.accuracy)}).`;
}

/** A sentence on random networks that happen to be found ones; none where there are none. */
export function drawnAndFound(networks: readonly ComparedNetwork[]): string[] {
  const twins = networks
    .filter(({ kind, sameAs }) => kind === "random" && sameAs !== undefined)
    .map(({ label, sameAs }) => `${label} is ${sameAs}`);
  return twins.length > 0 ? [`Drawn at random, ${twins.join(" and ")}: trained once, it counts as both.`] : [];
}

/** Sentences on found networks beside random ones and shrunk teachers of equal cost, with standard errors. */
export function againstRivals(compared: readonly FrontComparison[]): string[] {
  return compared.flatMap((one) => [...againstRandom(one), ...againstShrunk(one)]);
}

function againstRandom({ found, random, overRandom, beaten }: FrontComparison): string[] {
  if (!overRandom) return [];
  const { difference, standardError } = overRandom;
  const points = inPoints(Math.abs(difference));
  const facts = `${found.label} (${formatCount(found.macs)} MACs) reaches ${percent(found.accuracy)} on the test images, ${random.length > LISTED ? `${random.length} ` : ""}random networks ${costWords(found, random)} ${listed(random)}`;
  const outcome =
    difference > 0
      ? `the found network beats the random ones by ${points} points on average (${beaten} of ${random.length} beaten)`
      : difference === 0
        ? "the found network DOES NOT beat the random ones: they are equal on average"
        : `the found network DOES NOT beat the random ones: it lies ${points} points below them on average`;
  const spread = random.length > 1 ? "the spread of the random networks and " : "";
  const noise = `One standard error of that difference, from ${spread}${ownError(found)}, is ${inPoints(standardError)} points${
    Math.abs(difference) < SURE * standardError ? ", so it may be chance" : ""
  }${found.seeds ? "" : "; another training seed adds to it"}.`;
  return [`${facts}: ${outcome}.`, noise];
}

function againstShrunk({ found, random, shrunk }: FrontComparison): string[] {
  return shrunk.map(({ network, gain: { difference, standardError } }) => {
    const subject =
      random.length > 0
        ? found.label
        : `${found.label} (${formatCount(found.macs)} MACs, ${percent(found.accuracy)} on the test images)`;
    const where =
      difference === 0
        ? "is as accurate"
        : `lies ${inPoints(Math.abs(difference))} points ${difference > 0 ? "above" : "BELOW"} it`;
    const chance = Math.abs(difference) < SURE * standardError ? ", so it may be chance" : "";
    return `The shrunk teacher ${costWords(found, [network])} (${network.label}) reaches ${percent(network.accuracy)}: ${subject} ${where}; one standard error of that is ${inPoints(standardError)} points${chance}.`;
  });
}

/** "89.01 % and 89.30 %"; of many the mean and the ends. */
function listed(networks: readonly ComparedNetwork[]): string {
  const accuracies = networks.map(({ accuracy }) => accuracy);
  if (accuracies.length <= LISTED) return accuracies.map((accuracy) => percent(accuracy)).join(" and ");
  const average = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  return `${percent(Math.min(...accuracies))} to ${percent(Math.max(...accuracies))}, ${percent(average)} on average`;
}

function ownError({ images, seeds }: ComparedNetwork): string {
  return seeds ? `${seeds.length} trainings of each network` : `the ${images} test images`;
}

function inPoints(share: number): string {
  return (100 * share).toFixed(2);
}

function ofOwn(own: readonly ComparedNetwork[], networks: readonly ComparedNetwork[]): string {
  const best = [...own].sort((a, b) => b.accuracy - a.accuracy)[0];
  const beaten = networks.filter(
    ({ macs, accuracy }) =>
      macs <= best.macs && accuracy >= best.accuracy && (macs < best.macs || accuracy > best.accuracy),
  );
  const outcome =
    beaten.length > 0
      ? `; ${beaten.map(({ label }) => label).join(", ")} ${beaten.length === 1 ? "is" : "are"} at least as accurate at no more MACs`
      : networks.length > 1
        ? "; none of the others is as accurate at no more MACs"
        : "";
  return `The most accurate own network, ${best.label} (${formatCount(best.macs)} MACs), reaches ${percent(best.accuracy)} on the test images${outcome}.`;
}
