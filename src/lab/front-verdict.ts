import { formatCount } from "../core";
import { costWords } from "../systems/dna";
import type { FrontNetwork } from "./front-network";
import { percent, standardError } from "./numbers";

/** Sentences on how found networks compare with random ones of equal cost, and with the teacher. */
export function verdict(given: readonly FrontNetwork[]): string {
  const networks = given.filter(({ accuracy, macs }) => Number.isFinite(accuracy) && Number.isFinite(macs));
  const unmeasured = given.filter((network) => !networks.includes(network)).map(({ label }) => label);
  const of = (kind: FrontNetwork["kind"]) => networks.filter((network) => network.kind === kind);
  const [found, random] = [of("found"), of("random")];
  const [teacher] = of("teacher");
  const sentences: string[] = [];
  if (found.length > 0 && random.length > 0) sentences.push(...againstRandom(found, random));
  if (found.length > 0 && teacher) sentences.push(againstTeacher(found, teacher));
  const own = of("own");
  if (own.length > 0) sentences.push(ofOwn(own, networks));
  const twins = random.filter(({ sameAs }) => sameAs !== undefined).map(({ label, sameAs }) => `${label} is ${sameAs}`);
  if (twins.length > 0) sentences.push(`Drawn at random, ${twins.join(" and ")}: trained once, it counts as both.`);
  if (unmeasured.length > 0) sentences.push(`Left out, for they were not measured: ${unmeasured.join(", ")}.`);
  if (sentences.length === 0)
    return "There is nothing to compare yet: give found networks and random ones, or a teacher.";
  return sentences.join(" ");
}

function againstRandom(found: readonly FrontNetwork[], random: readonly FrontNetwork[]): string[] {
  const meanMacs = mean(random.map(({ macs }) => macs));
  // Those at the cost of the random ones: the others would win or lose by size alone.
  const best = [...found].sort((a, b) => Math.abs(a.macs - meanMacs) - Math.abs(b.macs - meanMacs))[0];
  const accuracies = random.map(({ accuracy }) => accuracy);
  const difference = best.accuracy - mean(accuracies);
  const points = (100 * Math.abs(difference)).toFixed(2);
  const listed = accuracies.map((accuracy) => percent(accuracy)).join(" and ");
  const ofRandom = accuracies.map((accuracy) => standardError(accuracy, best.images) ** 2);
  const error = Math.sqrt(standardError(best.accuracy, best.images) ** 2 + mean(ofRandom) / random.length);
  const facts = `${best.label} (${formatCount(best.macs)} MACs) reaches ${percent(best.accuracy)} on the test images, random networks ${costWords(best, random)} ${listed}`;
  const beaten = accuracies.filter((accuracy) => best.accuracy > accuracy).length;
  const outcome =
    difference > 0
      ? `the found network beats the random ones by ${points} points on average (${beaten} of ${random.length} beaten)`
      : difference === 0
        ? "the found network DOES NOT beat the random ones: they are equal on average"
        : `the found network DOES NOT beat the random ones: it lies ${points} points below them on average`;
  const noise = `One standard error of that difference, from the ${best.images} test images alone, is ${(100 * error).toFixed(2)} points${
    Math.abs(difference) < 2 * error ? ", so it may be chance" : ""
  }; another training seed adds to it.`;
  return [`${facts}: ${outcome}.`, noise];
}

function ofOwn(own: readonly FrontNetwork[], networks: readonly FrontNetwork[]): string {
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

function againstTeacher(found: readonly FrontNetwork[], teacher: FrontNetwork): string {
  const best = [...found].sort((a, b) => b.accuracy - a.accuracy)[0];
  const gap = 100 * (teacher.accuracy - best.accuracy);
  const where = gap >= 0 ? `${gap.toFixed(2)} points below` : `${(-gap).toFixed(2)} points above`;
  return `The most accurate found network, ${best.label}, has ${percent(best.macs / teacher.macs, 1)} of the teacher's MACs and lies ${where} the teacher (${percent(best.accuracy)} against ${percent(teacher.accuracy)}).`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
