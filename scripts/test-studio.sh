#!/usr/bin/env bash
# Installs the studio as a user does, runs its tests, which look at drafts, and has it draw one person from the request to the last
# picture. With --install it only installs. Needs Python 3.11 or uv. The installation is kept, and only what has changed is installed anew.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! python3.11 -c 'import venv' 2>/dev/null && ! command -v uv >/dev/null; then
  echo 'Neither Python 3.11 nor uv is there: the studio was not tested.' >&2
  exit 69
fi

export DOPPEL_DATA_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/doppel/studio-test PORT=0 LOG_LEVEL=warn STUDIO_QUALITY=draft
doppel() { node --import tsx src/main.ts "$@"; }
doppel studio install
[ "${1:-}" = --install ] && exit

folder=$(mktemp -d)
node --import tsx src/main.ts start >"$folder/start.log" 2>&1 &
server=$!
stop() {
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
until grep -q '^Ready' "$folder/start.log"; do
  if ! kill -0 "$server" 2>/dev/null; then
    cat "$folder/start.log" >&2
    exit 1
  fi
  sleep 0.2
done
id=$(doppel influencers create --name Zoe --ethnicity Greek --style 'navy streetwear' --wait --json | sed -n 's/.*"influencerId": *"\([^"]*\)".*/\1/p' | head -1)
doppel influencers get "$id" --download "$folder/images" >"$folder/images.txt"
ls "$folder"/images/*
test "$(ls "$folder"/images | wc -l)" -eq 6

python=$(ls -d "$DOPPEL_DATA_DIR"/studio/python-*/bin/python)
STUDIO_ASSETS=$(ls -d "$DOPPEL_DATA_DIR"/studio/assets-*)
export STUDIO_ASSETS
"$python" -m pip install --quiet --disable-pip-version-check -r studio/requirements-test.txt
(cd studio && PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q)
