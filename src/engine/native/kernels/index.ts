import { binaryKernels } from "./binary";
import { boxKernels } from "./boxes";
import { convKernels } from "./conv";
import { createKernels } from "./create";
import { depthwiseKernels } from "./depthwise";
import { dilationKernels } from "./dilation";
import { fusedInferenceKernels } from "./fused-inference";
import { fusedMBConvKernels } from "./fused-mbconv";
import { fusedNormKernels } from "./fused-norm";
import { fusedTrainKernels } from "./fused-train";
import { gatherKernels } from "./gather";
import { imageKernels } from "./image";
import type { NativeKernel } from "./kernel";
import { matmulKernels } from "./matmul";
import { movementKernels } from "./movement";
import { normKernels } from "./norm";
import { poolKernels } from "./pool";
import { reduceKernels } from "./reduce";
import { structureKernels } from "./structure";
import { unaryKernels } from "./unary";

/** The registration table: every kernel that runs natively, one family a file (and one C++ file of that name). */
export const nativeKernels: readonly NativeKernel[] = [
  ...structureKernels,
  ...createKernels,
  ...unaryKernels,
  ...binaryKernels,
  ...reduceKernels,
  ...movementKernels,
  ...gatherKernels,
  ...matmulKernels,
  ...convKernels,
  ...depthwiseKernels,
  ...poolKernels,
  ...normKernels,
  ...imageKernels,
  ...boxKernels,
  ...dilationKernels,
  ...fusedNormKernels,
  ...fusedMBConvKernels,
  ...fusedTrainKernels,
  ...fusedInferenceKernels,
];
