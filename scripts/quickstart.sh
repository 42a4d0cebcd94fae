#!/usr/bin/env bash
# The main job: sets up, then executes notebooks/00_quickstart.ipynb through Jupyter with our kernel.
#   npm run quickstart             the full run, at most 15 minutes on two cores
#   npm run quickstart -- --fast   the same at a tiny scale, under two minutes
set -euo pipefail
cd "$(dirname "$0")/.."
name=quickstart
case "${1:-}" in
  "") unset BLOCKWISE_FAST ;;
  --fast) export BLOCKWISE_FAST=1 name=quickstart-fast ;;
  *)
    echo "quickstart: the only option is --fast, got '$1'" >&2
    exit 2
    ;;
esac
bash scripts/setup.sh
out=$PWD/out/$name
mkdir -p "$out"
python3 scripts/run-notebook.py notebooks/00_quickstart.ipynb \
  --cwd "$out" --output "$out/$name.ipynb" --html "$out/$name.html"
echo "notebook: $out/$name.ipynb"
echo "page:     $out/$name.html"
node -e '
  const { cells } = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  const printed = cells.flatMap(({ outputs = [] }) => outputs).filter(({ output_type }) => output_type === "stream");
  const lines = printed.flatMap(({ text }) => [text].flat().join("").split("\n"));
  const result = lines.filter((line) => line.startsWith("Result"));
  if (result.length === 0) throw new Error("quickstart: the executed notebook must print a line Result, it has none");
  console.log(result.join("\n"));
' "$out/$name.ipynb"
