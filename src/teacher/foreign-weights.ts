/** Names of tensors by which the state_dicts of torchvision's families are known, and a preset of each. */
const FAMILIES: readonly { readonly tensor: RegExp; readonly family: string; readonly preset: string }[] = [
  { tensor: /^features\.\d+\.\d+\.block\.\d+\.0\.weight$/, family: "an EfficientNet", preset: "efficientnet_b0" },
  { tensor: /^layer1\.\d+\.conv1\.weight$/, family: "a ResNet", preset: "resnet18" },
];

/** What a weights file that is none of ours holds, by its tensors' names, and how to open it; undefined when unknown. */
export function foreignWeights(names: Iterable<string>, path: string): string | undefined {
  const all = [...names];
  const known = FAMILIES.find(({ tensor }) => all.some((name) => tensor.test(name)));
  if (!known) return undefined;
  return `its tensors are named as torchvision's for ${known.family}: open it by teacherFromTorchvision(${JSON.stringify(path)}, "${known.preset}"), with the preset that it was saved from`;
}
