# shellcheck shell=bash
# What every ./dev command shares: saying what happens, and Debian packages.

ASSUME_YES=${ASSUME_YES:-}
[ "${CI:-}" != true ] || ASSUME_YES=1
export DEBIAN_FRONTEND=noninteractive

# Debian's own: its packages are installed for it, whatever other Python comes first in PATH.
# shellcheck disable=SC2034 # used by the other files of tools/dev
PYTHON=/usr/bin/python3

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then
    say() { printf '==> %s\n' "$*"; }
fi

# Prints the command, then runs it.
run() {
    note "$*"
    "$@"
}

# Compilers of this project's files take up to 800 MB each; the machine may have fewer GB than cores.
jobs_here() {
    local cores memory_gb
    cores=$(nproc)
    memory_gb=$(awk '/^MemAvailable/ { print int($2 / 1000000) }' /proc/meminfo)
    [ "$memory_gb" -ge 1 ] || memory_gb=1
    echo $((cores < memory_gb ? cores : memory_gb))
}

packages_of() { # GROUP...
    local group
    for group; do
        awk -v group="$group" '$1 == group { print $2 }' tools/packages.txt
    done | sort -u
}

missing_packages() { # PACKAGE...: those that are not installed
    local have
    # It exits with 1 when it never heard of one of them, which is no failure here.
    # shellcheck disable=SC2016 # the braces are dpkg-query's own
    have=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } |
        awk '$1 == "installed" { print $2 }')
    comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$have" | sort -u)
}

# Installs what is missing of the named groups; does and says nothing when all is there.
need_packages() { # GROUP...
    local wanted missing
    command -v dpkg-query >/dev/null ||
        die "this machine has no dpkg; install the equivalents of tools/packages.txt ($*) by hand"
    mapfile -t wanted < <(packages_of "$@")
    [ ${#wanted[@]} -gt 0 ] || die "tools/packages.txt has no group like: $*"
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing from Debian ($*): ${missing[*]}"
    as_root apt-get update -q
    as_root apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}"
}

as_root() { # COMMAND...
    if [ "$(id -u)" = 0 ]; then
        quietly "$@"
        return
    fi
    command -v sudo >/dev/null || die "root is needed, and there is no sudo, for: $*"
    ask_for_sudo "$*"
    quietly sudo DEBIAN_FRONTEND=noninteractive "$@"
}

ask_for_sudo() { # WHAT
    [ -z "$ASSUME_YES" ] || return 0
    [ -t 0 ] || die "this needs sudo: $1 (run it yourself, or use ./dev --yes)"
    local answer
    read -r -p "    sudo $1 ? [Y/n] " answer
    case $answer in
        '' | [yY]*) ASSUME_YES=1 ;;
        *) die "stopped; nothing was installed" ;;
    esac
}

# Shows the command's output only when it fails.
quietly() {
    local log
    log=$(mktemp)
    note "$*"
    if "$@" </dev/null >"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    rm -f "$log"
    die "failed: $*"
}
