#!/usr/bin/env bash
# Builds the native engine; where it cannot be built, says so loudly and lets set-up go on with the engine `cpu`.
cd "$(dirname "$0")/.."
if ! node native/build.mjs; then
  cat <<'TEXT'
setup: WARNING: THE NATIVE ENGINE WAS NOT BUILT (reason above). Everything falls back to the pure JavaScript
setup: WARNING: engine "cpu", hundreds of times slower: fine to look around, too slow for a search.
setup: WARNING: to mend it install g++, make and libtorch-dev and run "npm run setup" again, or without root:
setup: WARNING: conda env create -f environment.yml && conda activate blockwise && npm run setup
TEXT
fi
