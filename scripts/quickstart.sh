#!/usr/bin/env bash
# The main job: sets up, then executes notebooks/00_quickstart.ipynb through Jupyter with our kernel.
#   npm run quickstart             the full run, at most 15 minutes on two cores
#   npm run quickstart -- --fast   the same at a tiny scale, under two minutes
set -euo pipefail
cd "$(dirname "$0")/.."
name=quickstart
case "${1:-}" in
  "") ;;
  --fast) export BLOCKWISE_FAST=1 name=quickstart-fast ;;
  *)
    echo "quickstart: the only option is --fast, got '$1'" >&2
    exit 2
    ;;
esac
bash scripts/setup.sh
exec node scripts/run-notebook.mjs notebooks/00_quickstart.ipynb --output "out/$name"
