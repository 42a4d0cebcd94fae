#!/usr/bin/env bash
# The main job: sets up, then executes notebooks/00_quickstart.ipynb with `blockwise notebook run`.
#   npm run quickstart                    the full run, at most 15 minutes on two cores; writes into out/quickstart/
#   npm run quickstart -- --fast          the same at a tiny scale, under two minutes; writes into out/quickstart-fast/
#   npm run quickstart -- --keep          the full run; its outputs become those of notebooks/00_quickstart.ipynb
set -euo pipefail
cd "$(dirname "$0")/.."
name=quickstart
parameters=()
keep=
case "${1:-}" in
  "") ;;
  --fast)
    name=quickstart-fast
    parameters=(-p fast=true)
    ;;
  --keep) keep=notebooks/00_quickstart.ipynb ;;
  *)
    echo "quickstart: the options are --fast and --keep, got '$1'" >&2
    exit 2
    ;;
esac
bash scripts/setup.sh
out=$PWD/out/$name
mkdir -p "$out"
node dist/src/cli/main.js notebook run notebooks/00_quickstart.ipynb "${parameters[@]}" \
  --cwd "$out" --output "$out/$name.ipynb" --html "$out/$name.html" --timeout 3600
if [ -n "$keep" ]; then
  cp "$out/$name.ipynb" "$keep"
  echo "notebook: $keep"
fi
