#!/usr/bin/env bash
# All experiments of the papers: trains and rates what is missing under notebooks/expected/, then executes their notebooks and
# keeps the outputs. Stop it at any time: the same command goes on. Some four hours on two cores from
# nothing, put together from the parts' times: nobody has run it in one piece.
#   npm run studies                                 CIFAR-10 is found in $BLOCKWISE_DATA or the cache, or downloaded;
#   npm run studies -- --images <folder or zip>     or is named. The benchmark's table ships with the package.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
node dist/src/cli/main.js study all "$@"
for notebook in notebooks/0[1-9]_*.ipynb; do
  node dist/src/cli/main.js notebook run --in-place "$notebook" --timeout 7200
done
