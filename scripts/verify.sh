#!/usr/bin/env bash
# Sets up and passes all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --tests
mkdir -p out
status=0
# Where the native engine was built its tests must run; elsewhere they say that they did not.
if [ -e native/build/Release/blockwise_native.node ]; then export BLOCKWISE_REQUIRE_NATIVE=1; fi
# Set-up brought Jupyter's kernel tests, from apt or conda: without them the suite fails rather than skip them.
export BLOCKWISE_REQUIRE_KERNEL_TEST=1
# Likewise for PyTorch, the reference of the fused kernels.
if dpkg-query -W python3-torch python3-torchvision >/dev/null 2>&1; then export BLOCKWISE_REQUIRE_PYTORCH=1; fi
npm test -- --reporter=default --reporter=json --outputFile.json=out/tests.json || status=$?
node -e '
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = require("./out/tests.json");
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
'
exit "$status"
