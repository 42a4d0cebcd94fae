import { SpaceError } from "../core";
import { namingOf, type StoredTensor, saveState, toPyTorch } from "../nn";
import { type Architecture, formatTimmNetwork, inTimmForm, timmDifference, timmStages } from "../space";
import type { Exportable } from "./exportable";

/**
 * A network's weights under timm's names, in PyTorch's layout.
 * @throws SpaceError for a network that timm has no words for, or that its builder would make otherwise.
 */
export function timmState({ network, architecture }: Pick<Exportable, "network" | "architecture">) {
  const difference = timmDifference(architecture);
  if (difference) {
    throw new SpaceError(
      `export timm: ${architecture.name} is no network of timm's: ${difference}; export it as "onnx", "pytorch" or "safetensors"`,
    );
  }
  const form = inTimmForm(architecture);
  const naming = namingOf("timm", form);
  const place = placesWithoutIdentities(architecture);
  return new Map(
    [...saveState(network)].map(([own, tensor]): [string, StoredTensor] => {
      const { name, rank } = naming(place(own));
      return [name, toPyTorch(tensor, own, rank)];
    }),
  );
}

/** Our names as they would be if identities were left out: timm's stages have none. */
function placesWithoutIdentities({ stem, blocks, head }: Architecture): (own: string) => string {
  const groups = { trunk: [...stem, ...blocks.flat()], head };
  return (own) => {
    const [group, index, ...rest] = own.split(".");
    if (group !== "trunk" && group !== "head") return own;
    const before = groups[group].slice(0, Number(index)).filter(({ kind }) => kind === "identity").length;
    return [group, Number(index) - before, ...rest].join(".");
  };
}

/** What timm's `EfficientNet` or `MobileNetV3` class needs to be told, and the whole network in one line. */
export function timmDescription({ architecture, classes, preprocessing }: Exportable): Record<string, unknown> {
  const { stem, head, hidden, padding, batchNormEpsilon, input } = inTimmForm(architecture);
  const widths = [stem[0], head[0]].map((layer) => ("outChannels" in layer ? layer.outChannels : 0));
  return {
    network: formatTimmNetwork(architecture),
    class: hidden ? "MobileNetV3" : "EfficientNet",
    arch_def: timmStages(inTimmForm(architecture)),
    in_chans: input.channels,
    stem_size: widths[0],
    num_features: hidden ? hidden.features : widths[1],
    num_classes: classes.length,
    pad_type: padding === "same" ? "same" : "",
    bn_eps: batchNormEpsilon,
    // The widths are those that are written; its default would round them to multiples of 8.
    round_chs_fn: "partial(round_channels, multiplier=0)",
    input_size: [input.channels, input.height, input.width],
    mean: preprocessing.mean,
    std: preprocessing.std,
    classes,
  };
}
