import { tf } from "./tf";

/** The method of TensorFlow.js's engine that takes a backend when a tensor needs one and none was chosen. */
interface ChoosingEngine {
  backendName?: string;
  ready(): Promise<void>;
  initializeBackendsAndReturnBest(): { name: string; asyncInit: boolean };
}

/**
 * Lets `choose` pick the backend when the first tensor, or `tf.ready()`, needs one and nobody has chosen.
 *
 * TensorFlow.js keeps one engine a process, whichever copy of it is imported: this holds for all of them.
 * @param choose makes a backend the current one, at once, and returns its name.
 */
export function chooseAtFirstTensor(choose: () => string): void {
  const engine = tf.engine() as unknown as ChoosingEngine;
  engine.initializeBackendsAndReturnBest = () => ({ name: choose(), asyncInit: false });
  const ready = engine.ready.bind(engine);
  engine.ready = async () => {
    if (!engine.backendName) choose();
    await ready();
  };
}
