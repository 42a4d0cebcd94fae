import { tf } from "../engine";

/**
 * One over each channel's standard deviation in feature maps `[images, height, width, channels]`, which it frees; a channel that
 * never changes stays.
 */
export function channelScale(maps: tf.Tensor4D): tf.Tensor1D {
  return tf.tidy(() => {
    const deviation = tf.sqrt(tf.moments(maps, [0, 1, 2]).variance);
    maps.dispose();
    return tf.div(1, tf.where(tf.greater(deviation, 1e-6), deviation, tf.onesLike(deviation))) as tf.Tensor1D;
  });
}
