# shellcheck shell=bash
# ./dev build: one preset, or the release executables in out/bin.
# shellcheck source=tools/dev/web.sh
source tools/dev/web.sh

# The spec's names, all links to the one executable, which looks at the name it was called by.
PROGRAM_LINKS=(hakuriver.host hakuriver.runner hakuriver.client hakuriver.docker
    hakuriver.docker-shell hakuriver.init hakurun)

cmd_build() { # [PRESET]
    local preset=${1:-release}
    need_packages build
    [ "$preset" = release ] || need_packages test
    [ "$preset" != gcc ] || need_packages gcc
    build_web
    build_preset "$preset"
    [ "$preset" != release ] || collect_executables
}

build_preset() { # PRESET [TARGET...]
    local preset=$1
    shift
    grep -q "\"name\": \"$preset\", \"inherits\"" CMakePresets.json ||
        die "CMakePresets.json has no preset '$preset'"
    say "Building preset $preset in build/$preset"
    [ -f "build/$preset/build.ninja" ] || quietly cmake --preset "$preset"
    nice cmake --build "build/$preset" -j "$(jobs_here)" ${1:+--target "$@"}
}

collect_executables() {
    local program=build/release/bin/hakuriver
    if [ ! -x "$program" ]; then
        note "there is no executable yet: apps/ builds none"
        return 0
    fi
    mkdir -p out/bin
    # By a rename, so that a running copy is not in the way.
    strip -o out/bin/.hakuriver.new "$program"
    mv out/bin/.hakuriver.new out/bin/hakuriver
    local link
    for link in "${PROGRAM_LINKS[@]}"; do ln -sfn hakuriver "out/bin/$link"; done
    say "out/bin: hakuriver ($(du -h out/bin/hakuriver | cut -f1)) and links ${PROGRAM_LINKS[*]}"
}
