import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ConfigError, cacheFolder, nearestName, type StepContext } from "../core";
import { type Download, dataFolder, downloadAll } from "../data";

/**
 * Files of torchvision's weights for ImageNet, by network and version of the weights. What stands before ".pth" is the
 * beginning of the file's SHA-256, by which torchvision itself checks it.
 */
const TORCHVISION: Readonly<Record<string, string>> = {
  efficientnet_b0: "efficientnet_b0_rwightman-7f5810bc.pth",
  efficientnet_b1: "efficientnet_b1_rwightman-bac287d4.pth",
  "efficientnet_b1.v2": "efficientnet_b1-c27df63c.pth",
  efficientnet_b2: "efficientnet_b2_rwightman-c35c1473.pth",
  efficientnet_b3: "efficientnet_b3_rwightman-b3899882.pth",
  efficientnet_b4: "efficientnet_b4_rwightman-23ab8bcd.pth",
  efficientnet_b5: "efficientnet_b5_lukemelas-1a07897c.pth",
  efficientnet_b6: "efficientnet_b6_lukemelas-24a108a5.pth",
  efficientnet_b7: "efficientnet_b7_lukemelas-c5b4e57e.pth",
  mobilenet_v2: "mobilenet_v2-b0353104.pth",
  "mobilenet_v2.v2": "mobilenet_v2-7ebf99e0.pth",
  mobilenet_v3_large: "mobilenet_v3_large-8738ca79.pth",
  "mobilenet_v3_large.v2": "mobilenet_v3_large-5c1a4163.pth",
  mobilenet_v3_small: "mobilenet_v3_small-047dcff4.pth",
  resnet18: "resnet18-f37072fd.pth",
  resnet34: "resnet34-b627a593.pth",
  resnet50: "resnet50-0676ba61.pth",
  "resnet50.v2": "resnet50-11ad3fa6.pth",
};

/** Where the hubs are. */
export interface HubAddresses {
  readonly torchvision: string;
  /** Hugging Face; the variable `HF_ENDPOINT` names a mirror. */
  readonly huggingFace: string;
}

const addresses = (): HubAddresses => ({
  torchvision: "https://download.pytorch.org/models",
  huggingFace: process.env.HF_ENDPOINT || "https://huggingface.co",
});

/** Whether a text names weights of a hub, "torchvision/resnet18" or "timm/efficientnet_b0.ra_in1k", and no file. */
export function isHubName(name: string): boolean {
  return /^(torchvision|timm)\/[A-Za-z0-9_.-]+$/.test(name) && !existsSync(name);
}

/**
 * The file of weights that a hub's name means: in the folder of `BLOCKWISE_DATA`, in the cache, in PyTorch's own, or downloaded
 * into the cache and checked: of torchvision by the beginning of the SHA-256 that its name carries, of timm by the SHA-256 that
 * Hugging Face says.
 * @throws ConfigError for a network that torchvision has not, or that Blockwise does not read.
 * @throws DataError when it is not there and cannot be downloaded, saying where to put it; InterruptedError when stopped.
 */
export async function hubFile(
  name: string,
  context: StepContext = {},
  hubs: HubAddresses = addresses(),
): Promise<string> {
  const [hub, network] = name.split("/");
  return hub === "timm" ? ofTimm(network, context, hubs) : ofTorchvision(network, context, hubs);
}

async function ofTorchvision(network: string, context: StepContext, { torchvision }: HubAddresses): Promise<string> {
  const file = Object.hasOwn(TORCHVISION, network) ? TORCHVISION[network] : undefined;
  if (file === undefined) {
    const names = Object.keys(TORCHVISION);
    const near = nearestName(network, names);
    throw new ConfigError(
      `teacher: of torchvision it must be one of ${names.join(", ")}, got ${JSON.stringify(network)}${near ? `; perhaps torchvision/${near} is meant` : ""}`,
      { network },
    );
  }
  const sha256 = /-([0-9a-f]{8})\.pth$/.exec(file)![1];
  const cached = join(cacheFolder(), "weights", file);
  const places = [...given(file), cached, join(homedir(), ".cache", "torch", "hub", "checkpoints", file)];
  const path = places.find(existsSync) ?? cached;
  const url = `${torchvision}/${file}`;
  // A file that is there is checked, too.
  await downloadAll(`torchvision/${network}`, [{ urls: [url], sha256, path }], otherwise(url, file, cached), context);
  return path;
}

async function ofTimm(network: string, context: StepContext, { huggingFace }: HubAddresses): Promise<string> {
  const inFolder = join("timm", network, "model.safetensors");
  const cached = join(cacheFolder(), "weights", inFolder);
  const there = [...given(inFolder), cached].find(existsSync);
  if (there) return there;
  const folder = `${huggingFace}/timm/${network}/resolve/main`;
  const [weights, config] = ["model.safetensors", "config.json"].map((file) => `${folder}/${file}`);
  const hint = otherwise(weights, inFolder, cached);
  const sha256 = process.env.BLOCKWISE_OFFLINE === "1" ? "" : await linkedHash(weights, context.signal);
  const files: Download[] = [
    // What it says of the network is small, and not checked.
    { urls: [config], sha256: "", path: join(cached, "..", "config.json") },
    { urls: [weights], sha256, path: cached },
  ];
  await downloadAll(`timm/${network}`, files, hint, context);
  return cached;
}

/** The SHA-256 that Hugging Face says of a large file; what no file begins with where it says none. */
async function linkedHash(url: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    const answer = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: signal ?? AbortSignal.timeout(8000),
    });
    return /[0-9a-f]{64}/.exec(answer.headers.get("x-linked-etag") ?? "")?.[0] ?? UNKNOWN;
  } catch {
    // The download that follows says why there is no answer.
    return UNKNOWN;
  }
}

const UNKNOWN = "one that the hub says, and it says none";

function given(file: string): string[] {
  const folder = dataFolder();
  return folder ? [join(folder, file)] : [];
}

function otherwise(url: string, file: string, cached: string): string {
  const folder = dataFolder();
  const places = [...(folder ? [join(folder, file)] : [`$BLOCKWISE_DATA/${file}`]), cached];
  return `fetch ${url} elsewhere and put it at ${places.join(" or ")}`;
}
