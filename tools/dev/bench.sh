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
        install_for "$script"
        build_parts_of "$script"
        say "$script"
        case $script in
            *.py) "$PYTHON" -B "$script" ;;
            *) "$script" ;;
        esac
    done
    [ -n "$found" ] || die "bench/ has no measurement${1:+ named $1}"
}

# Packages that a measurement needs beside those of all: a line "# packages: GROUP..." in it.
install_for() { # SCRIPT
    local groups
    read -ra groups < <(sed -n 's/^# packages: //p' "$1") || return 0
    need_packages "${groups[@]}"
}

# What a measurement needs beside the executables: a line "# built: TARGET" in it.
build_parts_of() { # SCRIPT
    local target
    target=$(sed -n 's/^# built: //p' "$1")
    [ -z "$target" ] || build_preset release "$target"
}
