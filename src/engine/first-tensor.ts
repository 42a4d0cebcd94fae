import { tf } from "./tf";

/** The method of TensorFlow.js's engine that takes a backend when a tensor needs one and none was chosen. */
interface ChoosingEngine {
  backendName?: string;
  readonly registryFactory: Readonly<Record<string, { readonly priority: number }>>;
  ready(): Promise<void>;
  initializeBackendsAndReturnBest(): { name: string; asyncInit: boolean };
}

/** Of our choice: above TensorFlow.js's own backends (1 to 3). A backend that a user registers above it is taken as ever. */
const PRIORITY = 4;

/**
 * Lets `choose` pick the backend when the first tensor, or `tf.ready()`, needs one and nobody has chosen.
 *
 * TensorFlow.js keeps one engine a process, whichever copy of it is imported: this holds for all of them.
 * @param choose makes a backend the current one, at once, and returns its name.
 */
export function chooseAtFirstTensor(choose: () => string): void {
  const engine = tf.engine() as unknown as ChoosingEngine;
  const isOurs = () => Object.values(engine.registryFactory).every(({ priority }) => priority <= PRIORITY);
  const best = engine.initializeBackendsAndReturnBest.bind(engine);
  engine.initializeBackendsAndReturnBest = () => (isOurs() ? { name: choose(), asyncInit: false } : best());
  const ready = engine.ready.bind(engine);
  engine.ready = async () => {
    if (!engine.backendName && isOurs()) choose();
    await ready();
  };
}
