#!/usr/bin/env bash
# What the dashboard costs a browser: see web/dev/measure.mjs.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
# shellcheck source=tools/dev/common.sh
source tools/dev/common.sh
# shellcheck source=tools/dev/web.sh
source tools/dev/web.sh
# shellcheck source=tools/dev/setup.sh
source tools/dev/setup.sh

need_packages web
need_node
build_web
exec node web/dev/measure.mjs "$@"
