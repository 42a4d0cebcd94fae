import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { tf } from "../engine";

/**
 * Added to the diagonal, as a share of the channels' mean variance: keeps channels that say the same, or nothing, from being
 * weighed against each other. Small against what a share of the variance is worth to a rating.
 */
const RIDGE = 1e-3;

/** A linear map of channels with a bias: a 1x1 convolution, `[in, out]` and `[out]`. */
export interface Readout {
  readonly kernel: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/**
 * The linear map of a candidate's channels that comes nearest to the teacher's (least squares over all images and places,
 * with a small ridge), in closed form.
 * @param student `[images, height, width, channels]`, as the calibration images leave the candidate.
 * @param teacher The teacher's maps of the same images.
 */
export function fitReadout(student: tf.Tensor4D, teacher: tf.Tensor4D): Readout {
  const [inputs, outputs] = [student.shape[3], teacher.shape[3]];
  const sums = tf.tidy(() => {
    const [x, y] = [student, teacher].map((maps) => tf.reshape(maps, [-1, maps.shape[3]]) as tf.Tensor2D);
    const [meanIn, meanOut] = [x, y].map((maps) => tf.mean(maps, 0) as tf.Tensor1D);
    const [centredX, centredY] = [tf.sub(x, meanIn) as tf.Tensor2D, tf.sub(y, meanOut) as tf.Tensor2D];
    const places = x.shape[0];
    return {
      own: tf.div(tf.matMul(centredX, centredX, true), places),
      cross: tf.div(tf.matMul(centredX, centredY, true), places),
      meanIn,
      meanOut,
    };
  });
  const [own, cross] = [matrixOf(sums.own), matrixOf(sums.cross)];
  const [meanIn, meanOut] = [sums.meanIn, sums.meanOut].map((means) => Array.from(means.dataSync()));
  tf.dispose(sums);
  // Of a candidate whose channels are all constant nothing can be read but the mean.
  const ridge = (RIDGE * own.trace()) / inputs || 1;
  for (let i = 0; i < inputs; i++) own.set(i, i, own.get(i, i) + ridge);
  const kernel = new CholeskyDecomposition(own).solve(cross);
  const bias = meanOut.map((mean, j) => meanIn.reduce((rest, value, i) => rest - value * kernel.get(i, j), mean));
  return {
    kernel: tf.tensor2d(Float32Array.from(kernel.to1DArray()), [inputs, outputs]),
    bias: tf.tensor1d(Float32Array.from(bias)),
  };
}

/** Feature maps `[batch, height, width, channels]` behind a readout. */
export function applyReadout({ kernel, bias }: Readout, maps: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [images, height, width, channels] = maps.shape;
    const rows = tf.add(tf.matMul(tf.reshape(maps, [-1, channels]) as tf.Tensor2D, kernel), bias);
    return tf.reshape(rows, [images, height, width, kernel.shape[1]]) as tf.Tensor4D;
  });
}

function matrixOf(tensor: tf.Tensor): Matrix {
  const [rows, columns] = tensor.shape;
  return Matrix.from1DArray(rows, columns, Array.from(tensor.dataSync()));
}
