import { tf } from "../engine";

/** What one view is told apart from; all rows are compared by their cosine. */
export interface Contrast {
  /** The views' embeddings, `[batch, features]`; they learn. */
  readonly view: tf.Tensor2D;
  /** What each is to be like: its image's row of the memory, `[batch, features]`. */
  readonly own: tf.Tensor2D;
  /** Rows of other images, `[negatives, features]`, the same for the whole batch. */
  readonly others: tf.Tensor2D;
}

/**
 * "infonce": the softmax of the own row among all, as CSNAS' released code has it; "pirl": each pair judged alone, the binary
 * noise-contrastive form of PIRL (Misra and van der Maaten, CVPR 2020, equations 3 to 5), which the paper names.
 */
export type ContrastiveForm = "infonce" | "pirl";

/** Under the root: a row of zeros has the cosine 0. */
const EPSILON = 1e-12;

/**
 * Contrastive loss, the mean over the batch, in nats.
 * @param temperature Cosines are divided by it (0.07 in CSNAS).
 */
export function contrastiveLoss(contrast: Contrast, temperature: number, form: ContrastiveForm = "infonce"): tf.Scalar {
  return tf.tidy(() => {
    const view = normalised(contrast.view);
    const own = tf.div(tf.sum(tf.mul(view, normalised(contrast.own)), 1, true), temperature) as tf.Tensor2D;
    const others = tf.div(tf.matMul(view, normalised(contrast.others), false, true), temperature) as tf.Tensor2D;
    return tf.mean(form === "infonce" ? softmaxForm(own, others) : binaryForm(own, others)) as tf.Scalar;
  });
}

/** -log of the own row's share, `[batch, 1]`. */
function softmaxForm(own: tf.Tensor2D, others: tf.Tensor2D): tf.Tensor {
  return tf.sub(tf.logSumExp(tf.concat([own, others], 1), 1, true), own);
}

/** -log h(own) - sum log(1 - h(other)), with h(s) = exp(s) / (exp(s) + sum exp(others)); `[batch, 1]`. */
function binaryForm(own: tf.Tensor2D, others: tf.Tensor2D): tf.Tensor {
  const all = tf.logSumExp(others, 1, true);
  // log(1 - h) = log S - log(exp(s) + S) = -softplus(s - log S).
  const missed = tf.sum(tf.softplus(tf.sub(others, all)), 1, true);
  return tf.add(tf.softplus(tf.sub(all, own)), missed);
}

function normalised(rows: tf.Tensor2D): tf.Tensor2D {
  const length = tf.sqrt(tf.add(tf.sum(tf.square(rows), 1, true), EPSILON));
  return tf.div(rows, length) as tf.Tensor2D;
}
