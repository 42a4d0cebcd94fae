// Takes the picture in README.md from the committed notebook: node scripts/readme-figure.mjs
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const { cells } = JSON.parse(readFileSync("notebooks/00_quickstart.ipynb", "utf8"));
const front = cells.find(
  ({ cell_type, source }) => cell_type === "code" && [source].flat().join("").includes("lab.pareto"),
);
const picture = front?.outputs.map(({ data }) => data?.["image/svg+xml"]).find(Boolean);
if (!picture) throw new Error("readme-figure: the notebook's front must have been executed, it has no picture");
mkdirSync("docs", { recursive: true });
writeFileSync("docs/front.svg", [picture].flat().join(""));
