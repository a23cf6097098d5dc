# shellcheck shell=bash
# ./dev test: runs stages one after the other, whatever the ones before did, and sums them up.
#
# A stage is a function stage_NAME. It writes JUnit files RESULTS/NAME*.xml, or calls `skip REASON`.
# A stage that fails without a failed case in its files (a broken build) counts as one failure.
# shellcheck source=tools/dev/build.sh
source tools/dev/build.sh

RESULTS=$ROOT/build/test-results
STAGES_DEFAULT=(unit asan e2e web lab)
STAGES_ALL=(unit asan e2e e2e_asan web tsan gcc lint lab vm package fresh)
SECONDS_PER_UNIT_TEST=600
SECONDS_PER_E2E_TEST=180
SECONDS_PER_LAB_TEST=300

cmd_test() { # [--quick|--all|NAME...]
    need_packages build test
    local stages=("${STAGES_DEFAULT[@]}") names=()
    case ${1:-} in
        --quick) stages=(unit) ;;
        --all) stages=("${STAGES_ALL[@]}") ;;
        -*) die "test knows --quick and --all, not $1" ;;
        '') ;;
        *) stages=() names=("$@") ;;
    esac
    rm -rf "$RESULTS"
    mkdir -p "$RESULTS"
    sanitizer_options
    local stage
    for stage in "${stages[@]}"; do run_stage "$stage"; done
    for stage in "${names[@]}"; do run_named "$stage"; done
    "$PYTHON" -B tools/test_summary.py "$RESULTS"
}

# A stage by its name, an e2e file by its path, else every unit test whose name contains the word.
run_named() { # NAME
    local stage
    case $1 in
        tests/e2e/*) run_stage e2e "$1" && return ;;
        tests/lab/*) run_stage lab "$1" && return ;;
    esac
    for stage in "${STAGES_ALL[@]}"; do
        if [ "$stage" = "$1" ]; then run_stage "$stage" && return; fi
    done
    run_stage unit "$1"
}

run_stage() { # NAME [ARGUMENT...]
    local name=$1 begin=$SECONDS status
    shift
    say "Stage $name"
    # In a subshell of its own and outside any condition: there -e works, and die ends the stage only.
    set +e
    (
        set -e
        STAGE=$name
        "stage_$name" "$@"
    )
    status=$?
    set -e
    local outcome=passed
    [ "$status" = 0 ] || outcome=FAILED
    say "Stage $name $outcome after $((SECONDS - begin)) s"
    printf '%s\t%s\t%s\n' "$name" "$status" $((SECONDS - begin)) >>"$RESULTS/stages.tsv"
}

# Ends the stage, leaving the reason for the summary.
skip() { # REASON
    printf '%s\n' "$1" >"$RESULTS/$STAGE.skipped"
    note "skipped: $1"
    exit 0
}

sanitizer_options() {
    export ASAN_OPTIONS=detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1
    export UBSAN_OPTIONS=print_stacktrace=1
    export TSAN_OPTIONS=second_deadlock_stack=1
    local symbolizer
    symbolizer=$(command -v llvm-symbolizer-19) || return 0
    export ASAN_SYMBOLIZER_PATH=$symbolizer
    TSAN_OPTIONS+=" external_symbolizer_path=$symbolizer"
}

stage_unit() { test_preset dev "${1:-}"; }
stage_asan() { test_preset asan "${1:-}"; }
stage_tsan() { test_preset tsan "${1:-}"; }
stage_gcc() {
    need_packages gcc
    test_preset gcc "${1:-}"
}

test_preset() { # PRESET [NAME]: builds it and runs its unit and simulation tests
    build_preset "$1"
    ctest --test-dir "build/$1" -j "$(nproc)" --output-on-failure --no-tests=error \
        --timeout $SECONDS_PER_UNIT_TEST ${2:+-R "$2"} \
        --output-junit "$RESULTS/$STAGE.xml" --test-output-truncation head --test-output-size-passed 8192
}

stage_e2e() {
    need_dashboard_tools
    end_to_end dev "$@"
}
stage_e2e_asan() { end_to_end asan "$@"; }

end_to_end() { # PRESET [PYTEST ARGUMENT...]
    local preset=$1
    shift
    build_preset "$preset"
    [ -x "build/$preset/bin/hakuriver" ] || skip "there is no executable yet: apps/ builds none"
    HAKURIVER_BIN=$ROOT/build/$preset/bin "$PYTHON" -B -m pytest -q -rs -p no:cacheprovider \
        --timeout $SECONDS_PER_E2E_TEST --junitxml "$RESULTS/$STAGE.xml" "${@:-tests/e2e}"
}

# What tests/e2e/dashboard needs: Playwright, a browser, and the page itself in the executables built after this.
need_dashboard_tools() {
    web_exists || return 0
    need_node
    need_web_modules
    need_packages web
    build_web
}

stage_web() {
    web_exists || skip "there is no dashboard yet: no web/package.json"
    need_dashboard_tools
    (cd web && npm run --silent test -- --reporter=default --reporter=junit --outputFile.junit="$RESULTS/web.xml")
    (cd web && JUNIT_FILE=$RESULTS/web-browser.xml npm run --silent test:browser)
}

stage_lint() {
    # shellcheck source=tools/dev/lint.sh
    source tools/dev/lint.sh
    cmd_lint "$@"
}

stage_package() {
    # shellcheck source=tools/dev/package.sh
    source tools/dev/package.sh
    cmd_package
}

stage_lab() {
    [ "$(id -u)" = 0 ] || skip "the lab makes namespaces and cgroups, which needs root"
    need_packages lab
    build_preset dev
    HAKURIVER_BIN=$ROOT/build/dev/bin "$PYTHON" -B -m pytest -q -rs -p no:cacheprovider \
        --timeout $SECONDS_PER_LAB_TEST --junitxml "$RESULTS/lab.xml" "${@:-tests/lab}"
}

# Emulated, so it takes minutes.
stage_vm() {
    [ "$(id -u)" = 0 ] || skip "a virtual machine from this machine's files needs root"
    need_packages vm || skip "qemu cannot be installed"
    build_preset dev
    local shared
    shared=$(mktemp -d /var/tmp/hakuriver-checks.XXXX)
    cp build/dev/bin/systemd_test build/dev/bin/test_exec "$shared"
    cp tests/vm/checks "$shared/run"
    local status=0
    tests/vm/vm "$shared" || status=$?
    for file in systemd exec; do
        [ ! -e "$shared/$file.xml" ] || mv "$shared/$file.xml" "$RESULTS/vm-$file.xml"
    done
    rm -rf "$shared"
    [ $status != 77 ] || skip "the virtual machine cannot be made here"
    return $status
}

stage_fresh() {
    [ "$(id -u)" = 0 ] || skip "a fresh root is entered by chroot, which needs root"
    need_packages fresh
    tests/fresh_root.sh
}
