# shellcheck shell=bash
# A node's own root in every cgroup hierarchy of this machine: version 1, 2, or both side by side.

has_cgroup2_only() { [ -e "$CGROUPS/cgroup.controllers" ]; }

hierarchies() {
    if has_cgroup2_only; then
        echo "$CGROUPS"
        return
    fi
    local path
    for path in "$CGROUPS"/*; do
        if [ ! -L "$path" ] && [ -e "$path/cgroup.procs" ]; then echo "$path"; fi
    done
}

make_cgroups() { # NODE
    local path controller
    if has_cgroup2_only; then
        mkdir -p "$CGROUPS/$LAB_TAG/$1"
        for controller in $(<"$CGROUPS/cgroup.controllers"); do
            echo "+$controller" >"$CGROUPS/cgroup.subtree_control" || true
            echo "+$controller" >"$CGROUPS/$LAB_TAG/cgroup.subtree_control" || true
        done 2>/dev/null
        return 0
    fi
    for path in $(hierarchies); do
        mkdir -p "$path/$LAB_TAG/$1"
        [ ! -e "$path/cpuset.cpus" ] || open_cpuset "$path" "$LAB_TAG" "$LAB_TAG/$1"
    done
}

# A fresh cpuset group has no CPU at all.
open_cpuset() { # HIERARCHY GROUP...
    local root=$1 group
    shift
    for group; do
        cat "$root/cpuset.cpus" >"$root/$group/cpuset.cpus"
        cat "$root/cpuset.mems" >"$root/$group/cpuset.mems"
        echo 1 >"$root/$group/cgroup.clone_children"
    done
}

# Moves this shell into the node's groups; on version 2 into a leaf, since inner groups hold no processes.
join_cgroups() { # NODE [LEAF]
    local path group
    for path in $(hierarchies); do
        group=$path/$LAB_TAG/$1
        if has_cgroup2_only && [ -n "${2:-}" ]; then
            group+=/$2
            mkdir -p "$group"
        fi
        echo 0 >"$group/cgroup.procs" || die "cannot join $group"
    done
}

# Succeeds when nothing is left of it.
remove_cgroups() { # GROUP
    local path left=0
    for path in $(hierarchies); do
        [ -d "$path/$1" ] || continue
        find "$path/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ ! -d "$path/$1" ] || left=1
    done
    return $left
}

kill_stragglers() {
    local path pid
    for path in $(hierarchies); do
        [ -d "$path/$LAB_TAG" ] || continue
        while read -r pid; do
            kill -KILL "$pid" 2>/dev/null || true
        done < <(find "$path/$LAB_TAG" -name cgroup.procs -exec cat {} + 2>/dev/null)
    done
}
