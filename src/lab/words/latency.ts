import { ConfigError, checkOptions, type OptionRules, rule, type StepContext } from "../../core";
import { LATENCY_RULES, type LatencyOptions, latencyTable, measurePlace, PLACE_NAMES, type Place } from "../../deploy";
import type { Retrained } from "../../retrain";
import type { Architecture, SearchSpace } from "../../space";
import { engineReady } from "../session/engine-ready";
import { LabLatency, latencyTableFrom } from "../values/latency";
import type { LabNetwork } from "../values/network";
import { NetworkDesign } from "../values/network-design";
import { LabRatings } from "../values/ratings";
import { LabStudent } from "../values/student";
import { LabSupernet } from "../values/supernet";
import { LabTeacher } from "../values/teacher";

export interface LabLatencyOptions extends LatencyOptions {
  /** Where to measure instead of on the engine here, "chromium-wasm", "node-ort", ...; then of 30 runs unless given. */
  readonly place?: Place;
  /** With a place: so many random networks of the space are timed whole in the same rounds, to see how near the sums come. */
  readonly networks?: number;
}

const LAB_LATENCY_RULES: OptionRules<LabLatencyOptions> = {
  ...LATENCY_RULES,
  place: rule.oneOf(...PLACE_NAMES),
  networks: rule.wholeFrom(1),
};

/** What has layers to measure, or the path of what was measured. */
export type LatencySource =
  | LabSupernet
  | LabRatings
  | LabTeacher
  | LabStudent
  | NetworkDesign
  | LabNetwork
  | Retrained
  | SearchSpace
  | Architecture
  | string;

/** See `lab.latency`. */
export async function latency(
  subject: LatencySource,
  given: LabLatencyOptions,
  context: StepContext,
): Promise<LabLatency> {
  checkOptions("lab.latency", given, LAB_LATENCY_RULES);
  const { place, networks, ...options } = given;
  if (typeof subject === "string") {
    if (Object.keys(given).length === 0) return new LabLatency(latencyTableFrom(subject));
    throw new ConfigError(`lab.latency: ${JSON.stringify(subject)} is read, not measured; leave the options out`);
  }
  engineReady();
  const measured = layersOf(subject);
  if (place) {
    const all = { ...options, ...(networks !== undefined && { networks }) };
    return new LabLatency(await measurePlace(place, measured, all, context, teacherOf(subject)), measured);
  }
  if (networks !== undefined) {
    throw new ConfigError(
      'lab.latency: networks are timed whole at a place alone, { place: "chromium-wasm", networks: 20 }; name one, or leave networks out',
    );
  }
  return new LabLatency(await latencyTable(measured, options, context, teacherOf(subject)), measured);
}

/** Whose layers are measured with those of a space, so that limits may be shares of its latency. */
function teacherOf(subject: Exclude<LatencySource, string>): Architecture | undefined {
  if (subject instanceof LabSupernet) return subject.blocks.teacher.architecture;
  return subject instanceof LabRatings ? subject.session.teacher.architecture : undefined;
}

function layersOf(subject: Exclude<LatencySource, string>): SearchSpace | Architecture {
  if (subject instanceof LabSupernet) return subject.space;
  if (subject instanceof LabRatings) return subject.session.space;
  if (subject instanceof LabTeacher || subject instanceof NetworkDesign) return subject.architecture;
  if (subject instanceof LabStudent) return subject.design.architecture;
  const held =
    typeof subject === "object" && subject !== null && "architecture" in subject ? subject.architecture : subject;
  if (typeof held === "object" && held !== null && "blocks" in held && Array.isArray(held.blocks)) {
    return held as SearchSpace | Architecture;
  }
  throw new ConfigError(
    `lab.latency: it must be a supernet, ratings, a teacher, a network, a space, an architecture, or the path of a latency table, got ${JSON.stringify(subject)}`,
  );
}
