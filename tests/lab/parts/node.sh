# shellcheck shell=bash
# The life of one node: its namespaces, its root, its systemd.

create_node() { # NODE NUMBER
    local state=$LAB_DIR/$1
    mkdir -p "$state/work" "$state/docker"
    cp -a "$LAYER" "$state/upper"
    echo "$1" >"$state/upper/etc/hostname"
    echo "$1$LAB_TAG" | md5sum | cut -c 1-32 >"$state/upper/etc/machine-id"
    plug_in "$1" "$2"
    echo "$2" >"$state/number"
    boot_node "$1"
}

boot_node() { # NODE
    rm -f "$LAB_DIR/$1/pid"
    make_cgroups "$1"
    export LAB_DIR LAB_ROOT LAB_TAG LAB_NET
    nsenter --net="/run/netns/$LAB_TAG-$1" unshare --pid --fork --mount --uts --ipc --propagation private \
        "$SELF" --boot "$1" </dev/null >"$LAB_DIR/$1/console" 2>&1 &
    disown
}

# First step inside the namespaces. The unshare that waits for us stays outside of the node's cgroup: a group that is
# to hand out controllers must hold no process.
boot_in_cgroup() { # NODE
    join_cgroups "$1"
    exec unshare --cgroup "$SELF" --init "$1"
}

# Second step: build the root, go there, and become systemd.
become_init() { # NODE
    local state=$LAB_DIR/$1 root=$LAB_DIR/$1/root own_pid
    read -r own_pid _ </proc/self/stat # /proc is still this machine's
    hostname "$1"
    mkdir -p "$root"
    mount -t overlay "$LAB_TAG-$1" -o "lowerdir=$LAB_ROOT,upperdir=$state/upper,workdir=$state/work" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
    mount_devices "$root/dev"
    mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
    mount_cgroups "$root$CGROUPS"
    mount --bind "$state/docker" "$root/var/lib/docker"
    mount --bind "$LAB_DIR/shared" "$root/shared"
    protect_kernel_settings "$root"
    echo "$own_pid" >"$state/pid"
    cd "$root" || die "no root"
    pivot_root . oldroot
    umount -l /oldroot
    cd /
    exec env -i container=lab "PATH=$NODE_PATH" TERM=dumb LANG=C.UTF-8 /lib/systemd/systemd --show-status=0 \
        </dev/null >/dev/null 2>&1
}

mount_devices() { # FOLDER
    local dev=$1 spec
    mount -t tmpfs -o mode=755,nosuid,size=4m tmpfs "$dev"
    mkdir -p "$dev/pts" "$dev/shm" "$dev/mqueue" "$dev/net"
    for spec in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "console 1 3" "fuse 10 229" \
        "net/tun 10 200"; do
        # shellcheck disable=SC2086 # three words
        set -- $spec
        mknod -m 666 "$dev/$1" c "$2" "$3"
    done
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$dev/pts"
    ln -s pts/ptmx "$dev/ptmx"
    ln -s /proc/self/fd "$dev/fd"
    ln -s fd/0 "$dev/stdin"
    ln -s fd/1 "$dev/stdout"
    ln -s fd/2 "$dev/stderr"
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$dev/shm"
    mount -t mqueue mqueue "$dev/mqueue"
}

mount_cgroups() { # FOLDER
    local top=$1 controllers
    if has_cgroup2_only; then
        mount -t cgroup2 cgroup2 "$top"
        return
    fi
    mount -t tmpfs -o mode=755,size=1m tmpfs "$top"
    while IFS=: read -r _ controllers _; do
        case $controllers in
            '') mkdir "$top/unified" && mount -t cgroup2 cgroup2 "$top/unified" ;;
            name=*) mkdir "$top/${controllers#name=}" &&
                mount -t cgroup -o "none,$controllers" cgroup "$top/${controllers#name=}" ;;
            *) mkdir "$top/$controllers" && mount -t cgroup -o "$controllers" cgroup "$top/$controllers" ;;
        esac
    done </proc/self/cgroup
    # Writable, systemd would mount further controllers, which belong to the whole machine.
    mount -o remount,bind,ro "$top"
}

# Read-only, except for those of the node's own network.
protect_kernel_settings() { # ROOT
    local settings=$1/proc/sys
    mount --bind "$settings" "$settings"
    mount --bind "$settings/net" "$settings/net"
    mount -o remount,bind,ro "$settings"
    [ ! -e "$1/proc/sysrq-trigger" ] || mount --bind /dev/null "$1/proc/sysrq-trigger"
}

wait_ready() { # NODE
    wait_for "$READY_SECONDS" is_ready "$1" && return
    echo "lab: $1 did not come up: $(cat "$LAB_DIR/$1/console")" >&2
    return 1
}

# systemd's bus is there, and dockerd answers.
is_ready() { # NODE
    local pid
    pid=$(pid_of "$1") || return 1
    [ -S "/proc/$pid/root/run/dbus/system_bus_socket" ] || return 1
    [ "$LAB_DOCKER" = 1 ] || return 0
    curl -sf -m 5 --unix-socket "/proc/$pid/root/run/docker.sock" http://docker/_ping >/dev/null 2>&1
}

kill_node() { # NODE
    local pid
    pid=$(pid_of "$1") || return 0
    ip -n "$SWITCH" link set "$1" down
    kill -KILL "$pid"
    wait_for 20 is_gone "$pid" || die "$1 does not die"
    wait_for 20 remove_cgroups "$LAB_TAG/$1" || die "cgroups of $1 cannot be removed"
    rm -f "$LAB_DIR/$1/pid"
}

is_gone() { [ ! -d "/proc/$1" ]; } # PID

restart_node() { # NODE
    ! pid_of "$1" >/dev/null || die "$1 runs"
    # The old namespace may live on for minutes, with connections that nobody will answer; its cable must not.
    ip -n "$SWITCH" link del "$1"
    ip netns del "$LAB_TAG-$1"
    plug_in "$1" "$(cat "$LAB_DIR/$1/number")"
    boot_node "$1"
    wait_ready "$1"
}

enter_node() { # USER NODE [COMMAND...]
    local user=$1 node=$2 home=/root pid
    shift 2
    pid=$(pid_of "$node") || die "$node is not running"
    [ $# -gt 0 ] || set -- bash
    join_cgroups "$node" lab-visitors
    if [ "$user" != root ]; then
        home=/home/$user
        set -- setpriv --reuid "$user" --regid "$user" --init-groups --reset-env \
            env "PATH=$NODE_PATH" "HOME=$home" "USER=$user" LANG=C.UTF-8 "$@"
    fi
    exec nsenter -t "$pid" -m -u -i -n -p -C -r -w \
        env -i "PATH=$NODE_PATH" "HOME=$home" "USER=$user" "TERM=${TERM:-dumb}" LANG=C.UTF-8 "$@"
}
