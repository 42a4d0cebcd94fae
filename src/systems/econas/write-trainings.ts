import { gzipSync } from "node:zlib";
import { type StepContext, writeAtomic } from "../../core";
import type { ToldTrial } from "../../search";
import { provenanceOf } from "../../study";
import { chosenProxy } from "./reliability";
import { ECONAS_SETTINGS, PROXIES, type ProxyName } from "./settings";
import { DEFINITIONS, type StoredTraining, type StoredTrainings } from "./stored-trainings";
import { studyNetworks, trainStages, trainStudy } from "./trainings";

/**
 * Trains what is missing, and writes it: the full setting and all proxies, then, of the proxy that proved reliable, every
 * network stage by stage. Seconds a network on one thread.
 * @param place Where the journals of trainings lie, and where the file is to be.
 * @throws InterruptedError when stopped; the same call goes on.
 */
export async function writeTrainings(
  place: { readonly runs: string; readonly file: string; readonly command: string },
  context: StepContext = {},
): Promise<StoredTrainings> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const { full, proxies } = await trainStudy(place.runs, context);
  const measured = ({ outcome: { values, seconds = 0, costs } }: ToldTrial<string>): StoredTraining => [
    known(values.validation),
    rounded(seconds),
    costs.trainingMacs,
  ];
  const soFar = {
    settings: ECONAS_SETTINGS,
    definitions: DEFINITIONS,
    networks: Object.fromEntries(
      full[0].map(({ trial, outcome: { costs } }) => [trial.key, [costs.macs, costs.params] as const]),
    ),
    full: full.map((trials) =>
      Object.fromEntries(
        trials.map(({ trial, outcome: { values, seconds = 0 } }) => [
          trial.key,
          [known(values.validation), known(values.test), rounded(seconds)] as const,
        ]),
      ),
    ),
    studied: studyNetworks(),
    proxies: Object.fromEntries(PROXIES.map((name) => [name, proxies[name].map(measured)])) as Record<
      ProxyName,
      StoredTraining[]
    >,
  };
  const staged = chosenProxy(soFar);
  const stages = await trainStages(staged, place.runs, context);
  const trainings: StoredTrainings = {
    ...soFar,
    staged,
    stages: Object.fromEntries(
      stages[0].map(({ trial }, i) => [trial.key, stages.map((trials) => measured(trials[i]))]),
    ),
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeAtomic(place.file, gzipSync(`${JSON.stringify(trainings)}\n`, { level: 9 }));
  return trainings;
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(3));
}
