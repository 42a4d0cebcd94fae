import type { Activation, Layer } from "./types";

/** timm's token of an activation; SiLU is what its EfficientNets use by default. */
export const ACTIVATION_TOKENS: Readonly<Record<Exclude<Activation, "none">, string>> = {
  silu: "nsw",
  relu: "nre",
  relu6: "nr6",
  hardswish: "nhs",
};

/** "nre" of relu, "linear" of none. */
export function activationToken(activation: Activation): string {
  return activation === "none" ? "linear" : ACTIVATION_TOKENS[activation];
}

/** One layer in timm's words, for tables: "ir_k3_s2_e6_c24_se0.25"; "linear" marks a missing activation. */
export function describeLayer(layer: Layer): string {
  if (layer.kind === "identity") return "identity";
  if (layer.kind === "foreign") return layer.name;
  if (layer.kind === "maxpool") return `maxpool_k${layer.kernelSize}_s${layer.stride}`;
  const { kernelSize, stride, outChannels, activation } = layer;
  if (layer.kind === "residual") {
    const words = `${layer.design}_k${kernelSize}_s${stride}_m${layer.innerChannels}_c${outChannels}`;
    // Residual blocks usually have ReLU, as ResNet's do.
    return activation === "relu" ? words : `${words}_${activationToken(activation)}`;
  }
  const tokens = [layer.kind === "conv" ? "cn" : layer.expansion === 1 ? "ds" : "ir", `k${kernelSize}`, `s${stride}`];
  if (layer.kind === "mbconv") tokens.push(`e${layer.expansion}`);
  tokens.push(`c${outChannels}`);
  if (layer.kind === "mbconv" && layer.seRatio > 0) tokens.push(`se${layer.seRatio}${layer.seDesign ? "v3" : ""}`);
  if (activation !== "silu") tokens.push(activationToken(activation));
  if (layer.kind === "mbconv" && layer.residual === false) tokens.push("noskip");
  return tokens.join("_");
}
