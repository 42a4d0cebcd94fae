#!/usr/bin/env bash
# The main job: sets up, then executes notebooks/00_quickstart.ipynb with `blockwise notebook run`.
#   npm run quickstart                    the full run, at most 15 minutes on two cores; writes into out/quickstart/
#   npm run quickstart -- --fast          the same at a tiny scale, under two minutes; writes into out/quickstart-fast/
#   npm run quickstart -- --keep          the full run; its outputs become those of notebooks/00_quickstart.ipynb
#   npm run quickstart -- --seeds         three full runs, of seeds 1 to 3; the first is kept, the results of all become
#                                         notebooks/expected/00_quickstart/seed<n>.json, with summary.json over them
set -euo pipefail
cd "$(dirname "$0")/.."
notebook=notebooks/00_quickstart.ipynb
results=notebooks/expected/00_quickstart

# run NAME [notebook parameters]
run() {
  local name=$1
  shift
  local out=$PWD/out/$name
  mkdir -p "$out"
  node dist/src/cli/main.js notebook run $notebook "$@" \
    --cwd "$out" --output "$out/$name.ipynb" --html "$out/$name.html" --timeout 3600
}

keep() {
  cp "out/$1/$1.ipynb" $notebook
  echo "notebook: $notebook"
}

case "${1:-}" in
  "" | --fast | --keep | --seeds) bash scripts/setup.sh ;;
  *)
    echo "quickstart: the options are --fast, --keep and --seeds, got '$1'" >&2
    exit 2
    ;;
esac
case "${1:-}" in
  "") run quickstart ;;
  --fast) run quickstart-fast -p fast=true ;;
  --keep)
    run quickstart
    keep quickstart
    ;;
  --seeds)
    for seed in 1 2 3; do
      # Seed 1 is the notebook's own: what is kept has no cell of parameters that were given.
      if [ $seed = 1 ]; then run quickstart-seed1; else run quickstart-seed$seed -p seed=$seed; fi
      node scripts/quickstart-result.mjs out/quickstart-seed$seed/quickstart-seed$seed.ipynb $results/seed$seed.json
    done
    node scripts/quickstart-result.mjs $results
    keep quickstart-seed1
    ;;
esac
