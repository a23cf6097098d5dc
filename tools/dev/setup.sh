# shellcheck shell=bash
# ./dev setup: packages ahead of time; every other command also calls need_packages for itself.

cmd_setup() {
    [ $# -gt 0 ] || set -- build test lint
    need_packages "$@"
    say "Installed: $*"
}
