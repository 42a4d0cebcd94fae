import {
  type Architecture,
  type ConvLayer,
  channelsAfter,
  expandedChannels,
  type Layer,
  type MBConvLayer,
  residualConvolutions,
  squeezeWidth,
} from "../../space";

/** Sizes of parameters and buffers by our names, in the order of `saveState`, of a network that need not be built. */
export function stateShapes(architecture: Architecture): Map<string, readonly number[]> {
  const { stem, blocks, head, hidden, classes, input } = architecture;
  const shapes = new Map<string, readonly number[]>();
  let { channels } = input;
  const add = (layers: readonly Layer[], place: string) => {
    for (const [i, layer] of layers.entries()) {
      for (const [name, shape] of layerShapes(layer, channels)) shapes.set(`${place}.${i}.${name}`, shape);
      channels = channelsAfter(layer, channels);
    }
  };
  add([...stem, ...blocks.flat()], "trunk");
  add(head, "head");
  const linear = (name: string, width: number) => {
    shapes.set(`${name}.kernel`, [channels, width]);
    shapes.set(`${name}.bias`, [width]);
    channels = width;
  };
  if (hidden) linear("hidden", hidden.features);
  linear("classifier", classes);
  return shapes;
}

type Named = [name: string, shape: readonly number[]];

function layerShapes(layer: Layer, inChannels: number): Named[] {
  switch (layer.kind) {
    case "identity":
    case "maxpool":
    case "foreign":
      return [];
    case "conv":
      return convShapes(layer, inChannels);
    case "mbconv":
      return mbconvShapes(layer, inChannels);
    case "residual": {
      const { main, shortcut } = residualConvolutions(layer, inChannels);
      let channels = inChannels;
      const all = main.flatMap((conv, i) => {
        const own = under(`conv${i + 1}`, convShapes(conv, channels));
        channels = conv.outChannels;
        return own;
      });
      return shortcut ? [...all, ...under("shortcut", convShapes(shortcut, inChannels))] : all;
    }
  }
}

function under(prefix: string, shapes: readonly Named[]): Named[] {
  return shapes.map(([name, shape]) => [`${prefix}.${name}`, shape]);
}

function normShapes(name: string, channels: number): Named[] {
  return ["gamma", "beta", "runningMean", "runningVariance"].map((part) => [`${name}.${part}`, [channels]]);
}

function convShapes({ kernelSize, outChannels }: ConvLayer, inChannels: number): Named[] {
  return [["kernel", [kernelSize, kernelSize, inChannels, outChannels]], ...normShapes("norm", outChannels)];
}

function mbconvShapes(layer: MBConvLayer, inChannels: number): Named[] {
  const { kernelSize, expansion, outChannels } = layer;
  const inner = expandedChannels(layer, inChannels);
  const squeezed = squeezeWidth(layer, inChannels);
  const expand: Named[] =
    expansion === 1 ? [] : [["expand.kernel", [1, 1, inChannels, inner]], ...normShapes("expand.norm", inner)];
  const gate: Named[] =
    squeezed === 0
      ? []
      : [
          ["se.reduce.kernel", [inner, squeezed]],
          ["se.reduce.bias", [squeezed]],
          ["se.expand.kernel", [squeezed, inner]],
          ["se.expand.bias", [inner]],
        ];
  return [
    ...expand,
    ["depthwise.kernel", [kernelSize, kernelSize, inner, 1]],
    ...normShapes("depthwise.norm", inner),
    ...gate,
    ["project.kernel", [1, 1, inner, outChannels]],
    ...normShapes("project.norm", outChannels),
  ];
}
