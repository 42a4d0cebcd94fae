import sharp from "sharp";
import {
  breathe,
  checkOptions,
  fingerprint,
  type OptionRules,
  Progress,
  Rng,
  rule,
  type StepContext,
} from "../../core";
import { type ImageShape, imageSize } from "../image-shape";
import { keptPictures } from "../picture-cache";
import { emptyLabels } from "../types";
import { drawPerson, drawPose, faceSvg } from "./face-drawing";
import type { FaceSet } from "./types";

export interface SyntheticFacesOptions {
  readonly seed?: number;
  readonly identities?: number;
  /** Pictures of each. */
  readonly pictures?: number;
  /** Height and width in pixels. */
  readonly side?: number;
  /** How much pictures of one person differ: 0 not at all, 1 as much as they do by default. */
  readonly pose?: number;
  readonly light?: number;
  readonly expression?: number;
  /** Standard deviation of the noise, in bytes; it is drawn between half and all of it. */
  readonly noise?: number;
}

const RULES: OptionRules<SyntheticFacesOptions> = {
  seed: rule.whole,
  identities: rule.wholeFrom(2),
  pictures: rule.wholeFrom(2),
  side: rule.wholeFrom(8),
  pose: rule.from(0),
  light: rule.from(0),
  expression: rule.from(0),
  noise: rule.from(0),
};

export const SYNTHETIC_FACES: Required<SyntheticFacesOptions> = {
  seed: 1,
  identities: 600,
  pictures: 16,
  side: 32,
  pose: 1,
  light: 1,
  expression: 1,
  noise: 14,
};

/** Counts up whenever the same options are drawn otherwise. */
const DRAWING = 1;
/** Sheets that are drawn side by side. */
const TOGETHER = 4;

/**
 * Synthetic faces: drawings, of nobody. A person is a set of shapes and colours; pictures of one person differ by pose,
 * expression, background, light and noise. Drawn by sharp as SVG, at its size, and kept in the cache under all that decides
 * them. What is measured on them tells about the method, not about how well real people are told apart.
 * @throws ConfigError for an option that is not known or cannot be; InterruptedError when stopped.
 */
export async function syntheticFaces(given: SyntheticFacesOptions = {}, context: StepContext = {}): Promise<FaceSet> {
  checkOptions("syntheticFaces", given, RULES);
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...SYNTHETIC_FACES, ...set };
  const { identities, pictures, side } = options;
  const shape = { height: side, width: side, channels: 3 };
  const key = fingerprint({ "synthetic faces": DRAWING, options, drawnBy: sharp.versions });
  const { values } = await keptPictures(key, async () => ({
    facts: {},
    values: await drawAll(options, shape, context),
  }));
  const count = identities * pictures;
  const labels = emptyLabels(count, identities);
  for (let i = 0; i < count; i++) labels[i] = Math.floor(i / pictures);
  return {
    name: "synthetic-faces",
    identities: Array.from({ length: identities }, (_, i) => `drawn person ${i + 1}`),
    shape,
    faces: { count, images: values, labels },
    remarks: ["The faces are synthetic: drawings, of nobody."],
  };
}

async function drawAll(
  options: Required<SyntheticFacesOptions>,
  shape: ImageShape,
  context: StepContext,
): Promise<Uint8Array> {
  const { seed, identities, pictures } = options;
  const size = imageSize(shape);
  const images = new Uint8Array(identities * pictures * size);
  const progress = new Progress(context, "draw synthetic faces", identities, "identities");
  const rng = new Rng(seed).fork("synthetic-faces");
  for (let from = 0; from < identities; from += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, identities - from) }, (_, i) => from + i);
    await Promise.all(
      some.map(async (identity) => {
        const drawn = await drawIdentity(options, shape, rng.fork(`identity${identity}`));
        images.set(drawn, identity * pictures * size);
      }),
    );
    progress.advance(some.length);
    await breathe();
  }
  return images;
}

/** All pictures of one person, `[pictures, height, width, 3]`: one drawing, its pictures below each other. */
async function drawIdentity(
  { pictures, pose, light, expression, noise }: Required<SyntheticFacesOptions>,
  { height, width }: ImageShape,
  rng: Rng,
): Promise<Uint8Array> {
  const person = drawPerson(rng.fork("person"));
  const faces = Array.from({ length: pictures }, (_, i) => {
    const face = faceSvg(person, drawPose(rng.fork(`pose${i}`), { pose, expression }));
    return `<svg y="${i * height}" width="${width}" height="${height}" viewBox="-1 -1 2 2">${face}</svg>`;
  });
  const sheet = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${pictures * height}">${faces.join("")}</svg>`;
  // Drawn at its size: sharp takes a drawing's units for pixels at 72 dots an inch.
  const { data } = await sharp(Buffer.from(sheet), { density: 72 })
    .removeAlpha()
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const size = height * width * 3;
  for (let i = 0; i < pictures; i++) {
    lit(data.subarray(i * size, (i + 1) * size), { height, width }, rng.fork(`light${i}`), { light, noise });
  }
  return data;
}

/** Light from one side, brighter or darker, warmer or colder; then the noise of a sensor. */
function lit(
  values: Uint8Array,
  { height, width }: Pick<ImageShape, "height" | "width">,
  rng: Rng,
  { light, noise }: { readonly light: number; readonly noise: number },
): void {
  const angle = 2 * Math.PI * rng.uniform();
  const slope = 0.55 * light * rng.uniform();
  const gain = 1 + light * (0.7 * rng.uniform() - 0.4);
  const warmth = 0.12 * light * (2 * rng.uniform() - 1);
  const tint = [1 + warmth, 1, 1 - warmth];
  const deviation = noise * (0.5 + 0.5 * rng.uniform());
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const along = ((2 * x) / width - 1) * Math.cos(angle) + ((2 * y) / height - 1) * Math.sin(angle);
      const bright = Math.max(0, gain * (1 + slope * along));
      for (const factor of tint) {
        values[at] = Math.max(0, Math.min(255, Math.round(values[at] * bright * factor + deviation * rng.normal())));
        at++;
      }
    }
  }
}
