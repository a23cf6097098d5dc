# shellcheck shell=bash
# ./dev clean: everything that ./dev makes in the tree, the demo's state included.

cmd_clean() {
    # shellcheck source=tools/dev/demo.sh
    source tools/dev/demo.sh
    demo_stop
    run rm -rf build out .cache .state web/dist web/node_modules
}
