import { type NetworkCost, networkCost } from "../cost";
import { type Architecture, formatShape, type Layer } from "../space";
import type { DiagramLayer } from "../viz";

/** The layers of a network as boxes of its diagram. */
export function diagramLayers(
  architecture: Architecture,
  cost: NetworkCost = networkCost(architecture),
): DiagramLayer[] {
  const { stem, blocks, head } = architecture;
  const named = [
    ...stem.map((layer) => ({ part: "stem", layer })),
    ...blocks.flatMap((block, i) => block.map((layer) => ({ part: `block ${i + 1}`, layer }))),
    ...head.map((layer) => ({ part: "head", layer })),
  ];
  return cost.layers.map(({ input, output, macs, params, activationBytes, layer: words }, i): DiagramLayer => {
    const costs = { macs, params, activationBytes };
    const shapes = { input: formatShape(input), output: formatShape(output), channels: output.channels };
    const own = named[i];
    if (own) return { part: own.part, ...boxOf(own.layer), description: words, ...shapes, ...costs };
    const isPool = words !== "linear";
    const [kind, label] = isPool ? (["pool", "avg"] as const) : (["linear", "fc"] as const);
    return { part: "head", kind, label, stride: 1, description: words, ...shapes, ...costs };
  });
}

function boxOf(layer: Layer): Pick<DiagramLayer, "kind" | "label" | "kernelSize" | "stride"> {
  if (layer.kind === "identity") return { kind: "identity", label: "id", stride: 1 };
  if (layer.kind === "foreign") return { kind: "foreign", label: layer.name, stride: layer.stride };
  const { kind, kernelSize, stride } = layer;
  const words = [
    `k${kernelSize}`,
    ...("expansion" in layer ? [`e${layer.expansion}`] : []),
    ...(stride > 1 ? [`s${stride}`] : []),
  ];
  return { kind, kernelSize, stride, label: words.join(" ") };
}
