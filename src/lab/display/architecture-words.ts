import type { FoundNetwork, RatedCandidate, RatingTable } from "../../search";
import { type Architecture, describeLayer, hasTimmWords, opName, type SearchSpace, timmStages } from "../../space";
import type { NetworkFacts } from "../../viz";

/** A longer front tells its costs alone, so that a figure stays small. */
const MOST_DESCRIBED = 400;

/** "block 1: k3e6 k5e3, 24 channels", a line a block. */
export function choiceWords(space: SearchSpace, choice: readonly RatedCandidate[]): string[] {
  return choice.map(({ block, path, width }) => {
    const ops = path.map((op) => opName(space.blocks[block].ops[op])).join(" ");
    return `block ${block + 1}: ${ops}, ${width} channels`;
  });
}

/** The stages in timm's words, a line a stage; layer by layer where timm has none for a layer. */
export function stageWords(architecture: Architecture): string[] {
  const stages = hasTimmWords(architecture)
    ? timmStages(architecture)
    : [architecture.stem.slice(1), ...architecture.blocks]
        .filter(({ length }) => length > 0)
        .map((layers) => layers.map(describeLayer));
  return stages.map((stage, i) => `stage ${i + 1}: ${stage.join(" ")}`);
}

/** Where networks come from: their space, and the ratings with what their costs are of. */
interface Rated {
  readonly space: SearchSpace;
  readonly table: Pick<RatingTable, "latencyOf">;
}

/** What figures say of a network where the mouse is. */
export function factsOf({ space, table }: Rated, { choice, cost }: FoundNetwork): NetworkFacts {
  const { macs = 0, params, activationBytes, latencyMs } = cost;
  const timed = latencyMs === undefined ? {} : { latencyMs, latencyOf: table.latencyOf };
  return { macs, params, activationBytes, ...timed, architecture: choiceWords(space, choice) };
}

/** A predicted front with what its figure says of each network. */
export function frontFacts(rated: Rated, front: readonly FoundNetwork[]): (NetworkFacts & { score: number })[] {
  return front.map((network) => {
    const { architecture, ...costs } = factsOf(rated, network);
    return { ...costs, ...(front.length <= MOST_DESCRIBED && { architecture }), score: network.score };
  });
}
