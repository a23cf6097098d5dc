# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the other parts
# Names, small questions, and waiting.

LAB_DIR=${LAB_DIR:-/tmp/hakuriver-lab}
LAB_ROOT=${LAB_ROOT:-/}
LAB_DOCKER=${LAB_DOCKER:-1}
LAB_DOCKER_BIN=${LAB_DOCKER_BIN:-}
LAB_TAG=${LAB_TAG:-hklab}
LAB_NET=${LAB_NET:-10.77.0}
SWITCH=$LAB_TAG-switch
CGROUPS=/sys/fs/cgroup
NODE_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER_ID=2000
READY_SECONDS=60

die() {
    echo "lab: $*" >&2
    exit 1
}

milliseconds_since() { # EPOCHREALTIME
    local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/}
    echo $(((now - then) / 1000))
}

# Tries until the command succeeds; fails after the limit.
wait_for() { # SECONDS COMMAND...
    local limit=$(($1 * 1000)) begin=$EPOCHREALTIME
    shift
    until "$@"; do
        [ "$(milliseconds_since "$begin")" -lt "$limit" ] || return 1
        sleep 0.02
    done
}

node_names() {
    local file
    for file in "$LAB_DIR"/*/number; do
        [ ! -e "$file" ] || basename "$(dirname "$file")"
    done
}

address_of() { awk -v node="$1" '$2 == node { print $1 }' "$LAB_DIR/hosts" 2>/dev/null || true; }

# The pid of the node's systemd, as this machine counts; fails when the node is off.
pid_of() { # NODE
    local pid
    pid=$(cat "$LAB_DIR/$1/pid" 2>/dev/null) && [ -n "$pid" ] && [ -d "/proc/$pid" ] && echo "$pid"
}
