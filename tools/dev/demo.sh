# shellcheck shell=bash
# ./dev demo: builds what demo/run shows, and hands over to it.
# shellcheck source=tools/dev/build.sh
source tools/dev/build.sh

cmd_demo() { # [--stop | ARGUMENT...]
    [ -x demo/run ] || die "there is no demo yet: demo/run is missing"
    if [ "${1:-}" = --stop ]; then
        demo_stop
        return
    fi
    need_packages demo
    cmd_build release
    HAKURIVER_BIN=$ROOT/out/bin demo/run "$@"
}

# Ends what an earlier ./dev demo has left running; does nothing when there is none.
demo_stop() {
    [ -x demo/run ] || return 0
    HAKURIVER_BIN=$ROOT/out/bin demo/run --stop
}
