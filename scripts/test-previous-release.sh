#!/usr/bin/env bash
# While a release is rolled out, the one before runs on its schema: that one's tests pass on it. `test-previous-release.sh v1.2.3`
# takes that release, without a word the last one that is tagged; exits with 69 where there is none yet.
set -euo pipefail
cd "$(dirname "$0")/.."

release=${1:-$(git describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null || true)}
if [ -z "$release" ]; then
  echo 'No earlier release is tagged: there is none whose tests could run on this schema.' >&2
  exit 69
fi
folder=$(mktemp -d)
trap 'git worktree remove --force "$folder"' EXIT
git worktree add --quiet --detach "$folder" "$release"
rm -r "$folder/src/db/migrations"
cp -r src/db/migrations src/db/migrate.ts "$folder/src/db/"
cd "$folder"
npm ci --no-audit --no-fund --silent
# Those of the schema itself are today's.
npx mocha --ignore 'test/db/{migrate,schema}.test.ts' 'test/{db,activities,endpoints,flows}/**/*.test.ts'
