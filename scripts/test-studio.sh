#!/usr/bin/env bash
# Installs the studio as a user does, holds it to what every renderer keeps to, has it draw one person from the request to the last
# picture, and runs its tests, which look at drafts. With --install it only installs. Needs Python 3.11 or uv. The installation is kept,
# and only what has changed is installed anew.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! python3.11 -c 'import venv' 2>/dev/null && ! command -v uv >/dev/null; then
  echo 'Neither Python 3.11 nor uv is there: the studio was not tested.' >&2
  exit 69
fi

export DOPPEL_DATA_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/doppel/studio-test
node --import tsx src/main.ts studio install
[ "${1:-}" = --install ] && exit

npx mocha test/studio/installed.studio.ts

python=$(ls -d "$DOPPEL_DATA_DIR"/studio/python-*/bin/python)
STUDIO_ASSETS=$(ls -d "$DOPPEL_DATA_DIR"/studio/assets-*)
export STUDIO_ASSETS
"$python" -m pip install --quiet --disable-pip-version-check -r studio/requirements-test.txt
(cd studio && PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q)
