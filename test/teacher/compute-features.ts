import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ProgressEvent, Rng, sha256 } from "../../src/core";
import { prepareDataset, syntheticImages } from "../../src/data";
import { engine } from "../../src/engine";
import { Network } from "../../src/nn";
import { Teacher, teacherFeatures } from "../../src/teacher";
import { tinyArchitecture } from "./tiny";

/** A process that computes features into a folder at the same time as another one, "a" and "b". */
async function main(folder: string, name: string): Promise<void> {
  engine.use("auto", { threads: 1 });
  const data = prepareDataset(syntheticImages({ seed: 4, count: 640 }), { seed: 4, validationCount: 40 });
  const { preprocessing, classes } = data;
  const history = { epochs: [], accuracy: 0, validationImages: 0, imagesPerSecond: 0 };
  const record = { architecture: tinyArchitecture, preprocessing, classes, dataset: data.name, history };
  const teacher = new Teacher(new Network(tinyArchitecture, new Rng(2)), record);
  writeFileSync(join(folder, `${name}.ready`), "");
  while (!["a", "b"].every((one) => existsSync(join(folder, `${one}.ready`)))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const done: number[] = [];
  const onProgress = (event: ProgressEvent) => void done.push(event.done);
  const options = { directory: folder };
  const store = await teacherFeatures(teacher, teacher.split(3), data.train, options, {
    onProgress,
    onWarning: () => {},
  });
  const all = Array.from({ length: store.count }, (_, i) => i);
  const values = store.shapes.map((_, boundary) => store.batch(boundary, all).dataSync() as Float32Array);
  const digest = sha256(Buffer.concat(values.map(({ buffer }) => new Uint8Array(buffer))));
  console.log(JSON.stringify({ digest, computed: done.at(-1)! - done[0] }));
}

void main(process.argv[2], process.argv[3]);
