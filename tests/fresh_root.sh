#!/usr/bin/env bash
# Proves that a clone is all one needs: in a minimal Debian 12 made for it, runs ./dev demo and ./dev test.
# Needs root, debootstrap and git. The root is made again each time; KEEP=1 leaves it for a look.
#
# usage: tests/fresh_root.sh [COMMAND...]      what to run in the clone instead
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SUITE=bookworm
ROOT=${FRESH_ROOT:-$PWD/.cache/fresh}
CLONE=/root/hakuriver

main() {
    if [ "${1:-}" = --inside ]; then
        shift
        enter "$@"
        return
    fi
    [ "$(id -u)" = 0 ] || { echo "fresh_root: needs root" >&2 && exit 1; }
    make_root
    copy_clone
    local status=0
    # Its own processes and mounts: all of them end with it, whatever happens inside.
    unshare --mount --pid --fork --kill-child --propagation private "$0" --inside "$@" || status=$?
    [ -n "${KEEP:-}" ] || rm -rf --one-file-system "$ROOT"
    return "$status"
}

# Where this machine's apt gets Debian from.
mirror() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
        awk -v suite="$SUITE" '$2 == suite { print $1; exit }'
}

make_root() {
    local from
    from=$(mirror)
    echo "==> Making a minimal Debian $SUITE in $ROOT"
    rm -rf --one-file-system "$ROOT"
    mkdir -p "$ROOT"
    debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$ROOT" ${from:+"$from"} >"$ROOT.log" 2>&1 ||
        { tail -n 20 "$ROOT.log" >&2 && exit 1; }
    rm -f "$ROOT.log"
    # This machine's way to the network: mirrors, proxies, certificates, npm's registry.
    rm -rf "$ROOT/etc/apt/sources.list" "$ROOT/etc/apt/sources.list.d"
    local path
    for path in etc/apt etc/resolv.conf etc/hosts etc/ssl/certs usr/local/share/ca-certificates etc/npmrc root/.npmrc; do
        if [ -e "/$path" ]; then
            mkdir -p "$ROOT/$(dirname "$path")"
            cp -aL --no-target-directory "/$path" "$ROOT/$path" 2>/dev/null || true
        fi
    done
    rm -f "$ROOT"/etc/apt/preferences.d/*
}

copy_clone() {
    git -c safe.directory='*' clone --quiet --no-hardlinks . "$ROOT$CLONE"
    echo "==> Cloned $(git -C "$ROOT$CLONE" log -1 --format='%h %s')"
}

# In the new namespaces: mount what programs expect, then change root. By pivot_root, as a machine would: a container
# engine pivots again, which is refused below a chroot.
enter() {
    mount --bind "$ROOT" "$ROOT"
    mount -t proc proc "$ROOT/proc"
    mount -t sysfs -o ro sysfs "$ROOT/sys"
    mount --rbind /sys/fs/cgroup "$ROOT/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
    local node
    for node in null zero full random urandom tty; do
        touch "$ROOT/dev/$node"
        mount --bind "/dev/$node" "$ROOT/dev/$node"
    done
    mkdir "$ROOT/dev/pts" "$ROOT/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=666 devpts "$ROOT/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$ROOT/dev/shm"
    ln -s pts/ptmx "$ROOT/dev/ptmx"
    ln -s /proc/self/fd "$ROOT/dev/fd"
    local command='CI=true ./dev demo && ./dev demo --stop && CI=true ./dev test'
    [ $# -eq 0 ] || command="$*"
    echo "==> In the fresh root: $command"
    local environment
    mapfile -t environment < <(network_environment)
    mkdir -p "$ROOT/old"
    cd "$ROOT"
    pivot_root . old
    exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${environment[@]}" \
        bash -c "cd $CLONE && umount -l /old && rmdir /old && $command"
}

# Proxies and registries that reach this machine through the environment.
network_environment() {
    env | grep -iE '^(https?_proxy|no_proxy|npm_config_[a-z_]*)=[^ ]*$' || true
}

main "$@"
