# shellcheck shell=bash
# ./dev bench: runs the measurements in bench/, all of them or one by name.
# shellcheck source=tools/dev/build.sh
source tools/dev/build.sh

cmd_bench() { # [NAME]
    need_packages bench
    cmd_build release
    local script found=
    for script in bench/*.sh bench/*.py; do
        [ -x "$script" ] || continue
        [ "$(basename "${script%.*}")" = "${1:-$(basename "${script%.*}")}" ] || continue
        found=1
        build_parts_of "$script"
        say "$script"
        "$script"
    done
    [ -n "$found" ] || die "bench/ has no measurement${1:+ named $1}"
}

# What a measurement needs beside the executables: a line "# built: TARGET" in it.
build_parts_of() { # SCRIPT
    local target
    target=$(sed -n 's/^# built: //p' "$1")
    [ -z "$target" ] || build_preset release "$target"
}
