import type { Architecture } from "../types";
import { efficientNets } from "./efficientnet";
import { mobileNets } from "./mobilenet";

/** timm's names of MobileNets that torchvision calls otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  mobilenet_v2: "mobilenetv2_100",
  mobilenet_v3_large: "mobilenetv3_large_100",
  mobilenet_v3_small: "mobilenetv3_small_100",
};

/** timm's own default of PyTorch's, where torchvision follows the papers. */
const TIMM_EPSILON = 1e-5;
const TENSORFLOW_EPSILON = 1e-3;

/** A network of torchvision as timm has it under its own names: batch norm's epsilon is 1e-5 in all of them. */
export function asTimmHasIt(architecture: Architecture): Architecture {
  const name = NAMES[architecture.name] ?? architecture.name;
  return { ...architecture, name, batchNormEpsilon: TIMM_EPSILON };
}

/** The same with weights of TensorFlow's release, `tf_...` in timm: padding "same", epsilon 1e-3. */
export function asTensorFlowHasIt(architecture: Architecture): Architecture {
  const { name } = asTimmHasIt(architecture);
  return { ...architecture, name: `tf_${name}`, padding: "same", batchNormEpsilon: TENSORFLOW_EPSILON };
}

/** timm's networks whose names or settings are not torchvision's. */
export function timmNetworks(): Architecture[] {
  const mobile = mobileNets();
  const tensorFlow = [...efficientNets(), ...mobile.filter(({ hidden }) => hidden)];
  return [...mobile.map(asTimmHasIt), ...tensorFlow.map(asTensorFlowHasIt)];
}
