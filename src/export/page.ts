import { readFileSync } from "node:fs";
import { formatCount, packageFile } from "../core";
import { tf } from "../engine";
import { toLayersModel } from "../retrain";
import { formatShape } from "../space";
import { escapeHtml } from "../viz";
import type { Exportable } from "./exportable";
import { PREDICTION_SCRIPT } from "./page-script";

/**
 * One HTML file in which a network classifies pictures that its reader chooses: network, weights and TensorFlow.js (on
 * WebAssembly) are in it, so that it needs neither a server nor a connection.
 * @throws SpaceError for a network that a layers model cannot say.
 */
export async function networkPage(of: Exportable): Promise<string> {
  const { architecture, cost, classes, preprocessing, dataset, measured } = of;
  const { modelTopology, weightSpecs, weights } = await artifactsOf(of);
  const { name, input } = architecture;
  const { mean, std } = preprocessing;
  const about = { name, input, classes, preprocessing: { mean, std }, modelTopology, weightSpecs };
  const wasm = readFileSync(packageFile("@tensorflow/tfjs-backend-wasm", "dist/tfjs-backend-wasm-simd.wasm"));
  const scripts = [
    readFileSync(packageFile("@tensorflow/tfjs", "dist/tf.min.js"), "utf8"),
    readFileSync(packageFile("@tensorflow/tfjs-backend-wasm", "dist/tf-backend-wasm.min.js"), "utf8"),
    PREDICTION_SCRIPT,
  ];
  const accuracies = measured.map(
    ({ accuracy, split, images }) => `${(100 * accuracy).toFixed(1)} % of ${formatCount(images)} ${split} images`,
  );
  const facts = [
    `${formatCount(cost.macs)} multiply-adds, ${formatCount(cost.params)} parameters, input ${formatShape(input)}, ${classes.length} classes of ${dataset}`,
    ...(accuracies.length > 0 ? [`right on ${accuracies.join(", ")}`] : []),
  ];
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(name)}</title>
<style>
body{font:15px/1.5 Arial,Helvetica,"DejaVu Sans",sans-serif;color:#262626;max-width:720px;margin:24px auto;padding:0 20px}
h1{font-size:22px;overflow-wrap:anywhere}img{display:block;max-width:100%;max-height:50vh;margin:12px 0;image-rendering:auto}
table{border-collapse:collapse;width:100%}td{padding:3px 8px 3px 0;white-space:nowrap}td:last-child{width:60%}td div{height:12px;background:#3b76af}
@media (prefers-color-scheme:dark){body{background:#1e1e1e;color:#e6e6e6}td div{background:#7fb2e5}}
</style></head><body>
<h1>${escapeHtml(name)}</h1>
<p>${facts.map(escapeHtml).join("; ")}.</p>
<p><label>Picture: <input type="file" id="file" accept="image/*" disabled></label></p>
<p id="state" role="status">the network is being read ...</p>
<img id="picture" alt="">
<table id="answer" aria-live="polite"></table>
<noscript><p>The network runs in this page, for which JavaScript must be on.</p></noscript>
<script type="application/json" id="about">${JSON.stringify(about).replaceAll("<", "\\u003c")}</script>
<script type="text/plain" id="weights">${weights.toString("base64")}</script>
<script type="text/plain" id="wasm">${wasm.toString("base64")}</script>
${scripts.map((script) => `<script>${inScript(script)}</script>`).join("\n")}
</body></html>
`;
}

/** A script such that nothing in it ends its element, or opens a comment there. */
function inScript(text: string): string {
  return text.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
}

async function artifactsOf({ network }: Exportable) {
  const model = toLayersModel(network);
  let held: tf.io.ModelArtifacts | undefined;
  try {
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        held = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
      }),
    );
  } finally {
    model.dispose();
  }
  const { modelTopology, weightSpecs, weightData = new ArrayBuffer(0) } = held!;
  const parts = Array.isArray(weightData) ? weightData : [weightData];
  return { modelTopology, weightSpecs, weights: Buffer.concat(parts.map((part) => new Uint8Array(part))) };
}
