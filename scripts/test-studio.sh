#!/usr/bin/env bash
# Installs the studio as a user does, looks at drafts that it draws, and has one job drawn from its request to its last picture.
# Needs Python 3.11 or uv. The installation is kept, and only what has changed is installed anew.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! { command -v python3.11 && python3.11 -c 'import venv'; } >/dev/null 2>&1 && ! command -v uv >/dev/null; then
  echo 'Neither Python 3.11 nor uv is there: the studio was not tested.' >&2
  exit 69
fi

export DOPPEL_DATA_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/doppel/studio-test PORT=0 LOG_LEVEL=warn STUDIO_QUALITY=draft
node --import tsx src/main.ts studio install

python=$(echo "$DOPPEL_DATA_DIR"/studio/python-*/bin/python)
STUDIO_ASSETS=$(echo "$DOPPEL_DATA_DIR"/studio/assets-*)
export STUDIO_ASSETS
"$python" -m pip install --quiet --disable-pip-version-check -r studio/requirements-test.txt
(cd studio && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=. "$python" -m pytest -q -p no:cacheprovider)

node --import tsx src/main.ts demo
