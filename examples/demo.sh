#!/bin/sh
# Runs the example track on a fresh copy of its repository, with a scripted model: no network, no
# key. Shows the broken tests, the run, the delivered branch, and the tests green on that branch.
#
# usage: examples/demo.sh [FOLDER]    FOLDER: an empty or new folder to work in (default: temporary)
set -eu

examples=$(cd "$(dirname "$0")" && pwd)
example=$examples/shop
PATH=$PATH:$examples/../.venv/bin
if ! command -v trackside >/dev/null; then
    echo "error: no trackside on the PATH; 'make demo' installs it first" >&2
    exit 1
fi

say() {
    printf '\n== %s\n' "$*"
}

if [ $# -gt 0 ]; then
    mkdir -p "$1"
    work=$(cd "$1" && pwd)
    if [ -n "$(ls -A "$work")" ]; then
        echo "error: $work is not empty" >&2
        exit 2
    fi
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/trackside-demo.XXXXXX")
fi
repo=$work/shop

# The user's own settings must not change what the demo shows, nor the demo touch the user's files.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export XDG_CACHE_HOME="$work/cache" XDG_CONFIG_HOME="$work/config"
export PYTHONDONTWRITEBYTECODE=1

say "A repository whose tests fail: $repo"
cp -R "$example/repo" "$repo"
cd "$repo"
git init --quiet
git symbolic-ref HEAD refs/heads/main
git config user.name "Demo"
git config user.email "demo@example.org"
git add --all
GIT_AUTHOR_DATE="2026-01-01T00:00:00Z" GIT_COMMITTER_DATE="2026-01-01T00:00:00Z" \
    git commit --quiet --message "Open the shop"
if python3 -m unittest >"$work/before.txt" 2>&1; then
    echo "error: the tests of the example are green before the run" >&2
    exit 1
fi
tail -n 3 "$work/before.txt"

say "The track runs"
trackside run "$example/track.toml" --repo "$repo" \
    --model "scripted:$example/playbook.json" --run-id demo

say "What it delivered: branch trackside/demo, one commit a ticket"
git --no-pager log --stat --reverse --format='%n%h %s' main..trackside/demo

say "The tests on that branch, in a checkout of their own: $work/delivered"
git clone --quiet --branch trackside/demo "$repo" "$work/delivered"
cd "$work/delivered"
python3 -m unittest 2>&1 | tail -n 3
python3 -m unittest >/dev/null 2>&1

say "The same with Gemini"
echo "GEMINI_API_KEY=... trackside run $example/track.toml --repo $repo"
printf '\nAll of it is in %s; remove that folder when you have seen enough.\n' "$work"
