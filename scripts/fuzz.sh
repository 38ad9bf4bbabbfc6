#!/usr/bin/env bash
# Sends generated requests, valid and invalid ones, to a Doppel of its own, and fails where an answer is not as openapi.json says.
# Usage: scripts/fuzz.sh [CASES], the most cases for each endpoint in each phase. Needs Python 3.10 or newer; SEED repeats a run.
set -euo pipefail
cd "$(dirname "$0")/.."

cases=${1:-20}
seed=${SEED:-$RANDOM}
version=4.32.5
venv=${XDG_CACHE_HOME:-$HOME/.cache}/doppel/schemathesis-$version

if [ ! -x "$venv/bin/schemathesis" ]; then
  if ! python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo 'Python 3.10 or newer, with venv, is not there: nothing was fuzzed.' >&2
    exit 69
  fi
  mkdir -p "$(dirname "$venv")"
  rm -rf "$venv"
  python3 -m venv "$venv"
  if ! "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"; then
    rm -rf "$venv"
    echo 'schemathesis could not be installed: nothing was fuzzed.' >&2
    exit 69
  fi
fi

folder=$(mktemp -d)
export DOPPEL_DATA_DIR=$folder/data PORT=0 LOG_LEVEL=warn
# Each case comes from an address of its own (see fuzz_hooks.py), so that wrong keys do not add up to a refusal.
export PROXY_HOPS=1
export WEBHOOKS_ALLOW_LOCALHOST=true # and go there alone, see fuzz_hooks.py too
doppel() { node --import tsx src/main.ts "$@"; }
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
url=$(sed -n 's/^ *API  *\(http[^ ]*\)$/\1/p' "$folder/start.log")
key=$(doppel organizations create --name Fuzzing --tier internal | sed -n 's/^key *//p')

root=$PWD
export SCHEMATHESIS_HOOKS=$root/scripts/fuzz_hooks.py PYTHONDONTWRITEBYTECODE=1
fuzz() (
  cd "$folder" # it leaves files where it runs
  "$venv/bin/schemathesis" --config-file "$root/scripts/fuzz.toml" run "$url/openapi.json" --header "X-Api-Key: $key" \
    --checks all --max-examples "$cases" --seed "$seed" --workers 1 --continue-on-failure \
    --generation-database none --suppress-health-check all --output-sanitize false "$@"
)
# An endpoint that ends keys would end the one in use, if it met its id: so these are not told of what others answered.
ends_keys='^(kill|rotate|delete)ApiKey$'
status=0
fuzz --exclude-operation-id-regex "$ends_keys" || status=1
fuzz --include-operation-id-regex "$ends_keys" --phases examples,coverage,fuzzing || status=1
# What went wrong inside is in the log.
if [ "$status" -ne 0 ] && [ -n "${FUZZ_LOG:-}" ]; then cp "$folder/data/logs/doppel.log" "$FUZZ_LOG"; fi
echo "seed $seed"
exit "$status"
