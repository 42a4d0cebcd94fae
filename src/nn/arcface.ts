import { checkOptions, type OptionRules, type Rng, rule } from "../core";
import { tf } from "../engine";
import { linearKernel } from "./initialisers";
import { ParameterContainer } from "./module";
import { unitVectors } from "./unit-vectors";

export interface ArcFaceOptions {
  /** Of an embedding. */
  readonly features: number;
  /** Identities, of which there may be ten thousands. */
  readonly classes: number;
  /** s: what cosines are multiplied by. Default 64; fewer classes need less. */
  readonly scale?: number;
  /** m in radians, added to the angle to an image's own identity. Default 0.5. */
  readonly margin?: number;
}

const RULES: OptionRules<ArcFaceOptions> = {
  features: rule.wholeFrom(1),
  classes: rule.wholeFrom(2),
  scale: rule.above(0),
  margin: rule.below(0, Math.PI / 2),
};

/** Keeps the sine's slope finite where an embedding points exactly at its identity. */
const LEAST_SINE_SQUARE = 1e-9;

/**
 * ArcFace (Deng et al., CVPR 2019): identities are directions, and logits are `s cos(angle)`; the angle to the image's own
 * identity counts as larger by `m`. Where that would pass 180 degrees the cosine falls on by `m sin(pi - m)`, so that it falls
 * throughout ("no easy margin" in the released code, as PocketNet trains).
 */
export class ArcFace extends ParameterContainer {
  /** `[features, classes]`; only the columns' directions count. */
  readonly weight: tf.Variable<tf.Rank.R2>;
  /** What it was made with. */
  readonly settings: Required<ArcFaceOptions>;

  /** @throws ConfigError for an option that is not known, missing or out of its range. */
  constructor(options: ArcFaceOptions, rng: Rng) {
    super();
    checkOptions("ArcFace", options, RULES);
    const { features = null, classes = null } = options;
    checkOptions("ArcFace", { features, classes }, { features: RULES.features, classes: RULES.classes });
    const { scale = 64, margin = 0.5 } = options;
    this.settings = { features: options.features, classes: options.classes, scale, margin };
    this.weight = this.parameter("weight", linearKernel(options.features, options.classes, rng.fork("arcface")));
  }

  /** Cosines `[batch, classes]` of embeddings `[batch, features]` with all identities. */
  cosines(embeddings: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => tf.matMul(unitVectors(embeddings), unitVectors(this.weight, 0)) as tf.Tensor2D);
  }

  /**
   * Logits `[batch, classes]` to train by, for a cross-entropy.
   * @param embeddings `[batch, features]`, of any length.
   * @param labels int32 `[batch]`
   */
  logits(embeddings: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => {
      const { scale, margin } = this.settings;
      const cosines = this.cosines(embeddings);
      const own = tf.oneHot(labels, this.weight.shape[1], 1, 0, "float32") as tf.Tensor2D;
      const cosine = tf.sum(tf.mul(cosines, own), 1, true);
      const sine = tf.sqrt(tf.maximum(tf.sub(1, tf.square(cosine)), LEAST_SINE_SQUARE));
      const wider = tf.sub(tf.mul(cosine, Math.cos(margin)), tf.mul(sine, Math.sin(margin)));
      const beyond = tf.sub(cosine, margin * Math.sin(Math.PI - margin));
      // A comparison has no gradient, and stops TensorFlow.js: which case holds is decided outside of its tape.
      const isWithin = Array.from(cosine.dataSync(), (value) => value > Math.cos(Math.PI - margin));
      const penalised = tf.where(
        tf.tensor2d(isWithin.map(Number), cosine.shape as [number, number], "bool"),
        wider,
        beyond,
      );
      return tf.mul(tf.add(cosines, tf.mul(own, tf.sub(penalised, cosine))), scale) as tf.Tensor2D;
    });
  }
}
