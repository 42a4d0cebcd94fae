#!/usr/bin/env bash
# Sets up a fresh clone: system packages, npm packages, the native engine, the compiled library, the Jupyter kernel.
# Every part is skipped when it is already done, so a second call takes seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .setup

# What the main job needs beyond Node, npm, g++, make and python3.
APT_PACKAGES=(libtorch-dev jupyter-notebook jupyter-client python3-nbclient jupyter-nbconvert dataset-fashion-mnist)
# What the tests need on top: "setup.sh --tests".
TEST_APT_PACKAGES=(chromium redis-server python3-jupyter-kernel-test python3-torch python3-torchvision)
if [ "${1:-}" = --tests ]; then APT_PACKAGES+=("${TEST_APT_PACKAGES[@]}"); fi
CONDA_HINT="conda env create -f environment.yml && conda activate blockwise && npm run setup"

say() { printf '%s\n' "setup: $*"; }
part() { # part NAME COMMAND...: runs it and says how long it took
  local name=$1 from=$SECONDS
  shift
  "$@"
  say "$name: done in $((SECONDS - from)) s"
}
die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

check_node() {
  command -v node >/dev/null || die "Node 20.19 or newer must be on PATH, none found; install it, or: $CONDA_HINT"
  node -e 'const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>20||(a===20&&b>=19)?0:1)' ||
    die "Node 20.19 or newer must be on PATH, got $(node --version); install it, or: $CONDA_HINT"
}

missing_apt() {
  local package
  for package in "${APT_PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

system_packages() {
  if [ -n "${CONDA_PREFIX:-}" ]; then
    say "system packages: taken from the conda environment $CONDA_PREFIX"
    return
  fi
  if ! command -v apt-get >/dev/null; then
    say "WARNING: no apt-get here; for libtorch and Jupyter run: $CONDA_HINT"
    return
  fi
  local missing
  missing=$(missing_apt)
  if [ -z "$missing" ]; then
    say "system packages: all there"
    return
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      say "WARNING: these packages are missing and neither root nor sudo is at hand: $missing"
      say "WARNING: run 'sudo apt-get install $missing', or without root: $CONDA_HINT"
      return
    fi
  fi
  say "system packages: installing $missing(about 400 MB of libtorch; minutes on a slow line)"
  # shellcheck disable=SC2086  # a list of names
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >.setup/apt.log 2>&1; }; then
    tail -5 .setup/apt.log >&2 || true
    say "WARNING: apt-get could not install all of: $missing(log: .setup/apt.log). What works without them goes on."
  fi
}

npm_packages() {
  local wanted
  wanted=$(sha256sum package.json package-lock.json | sha256sum)
  if [ "$(cat .setup/npm.sha256 2>/dev/null)" = "$wanted" ] && [ -d node_modules ]; then
    say "npm packages: all there"
    return
  fi
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s\n' "$wanted" >.setup/npm.sha256
}

library() { npm run --silent build; }

jupyter_kernel() {
  node dist/src/cli/main.js kernel install
  command -v jupyter >/dev/null || say "WARNING: the kernel is installed, but no 'jupyter' is on PATH; with conda: $CONDA_HINT"
}

check_node
part "system packages" system_packages
part "npm packages" npm_packages
part "native engine" bash scripts/native-engine.sh
part "library" library
part "Jupyter kernel" jupyter_kernel
say "ready in $SECONDS s"
