# shellcheck shell=bash
# The layer that all nodes put over this machine's root: it hides what is not Debian's own, and adds a user.
# Every node gets a copy, since an overlay cannot have two lower folders of which one lies in the other.

LAYER=$LAB_DIR/layer

make_layer() {
    mkdir -p "$LAYER"
    hide_private_files
    add_user
    cp "$LAB_DIR/hosts" "$LAYER/etc/hosts"
    : >"$LAYER/etc/resolv.conf"
    make_units
    [ "$LAB_DOCKER" != 1 ] || make_docker
}

# An empty folder in place of the lower one.
hide_folder() { # PATH [MODE]
    mkdir -p "$LAYER/$1"
    chmod "${2:-755}" "$LAYER/$1"
    setfattr -n trusted.overlay.opaque -v y "$LAYER/$1" || die "$LAB_DIR does not keep the attributes overlays need"
}

hide_private_files() {
    local path name
    for path in "$LAB_ROOT"/* "$LAB_ROOT"/.[!.]*; do
        name=${path##*/}
        case $name in bin | sbin | lib | lib32 | lib64 | libx32 | usr | etc | var) continue ;; esac
        if [ -d "$path" ] && [ ! -L "$path" ]; then
            hide_folder "$name"
        elif [ -e "$path" ] && [ ! -L "$path" ]; then
            mknod "$LAYER/$name" c 0 0
        fi
    done
    for path in dev proc sys run home shared oldroot etc/systemd/system etc/docker etc/cdi etc/sudoers.d etc/cron.d \
        etc/sysctl.d var/log var/cache var/lib/docker var/lib/containerd var/lib/systemd; do
        hide_folder "$path"
    done
    hide_folder root 700
    hide_folder tmp 1777
    hide_folder var/tmp 1777
    chmod 750 "$LAYER/etc/sudoers.d"
}

add_user() {
    local etc=$LAYER/etc from=$LAB_ROOT/etc
    { grep -v '^lab:' "$from/passwd" && echo "lab:x:$USER_ID:$USER_ID:lab:/home/lab:/bin/bash"; } >"$etc/passwd"
    {
        grep -v '^lab:' "$from/group" | sed -E 's/^(docker:[^:]*:[0-9]+:).*/\1lab/'
        echo "lab:x:$USER_ID:"
    } >"$etc/group"
    { grep -v '^lab:' "$from/shadow" && echo 'lab:*:19000:0:99999:7:::'; } >"$etc/shadow"
    chmod 640 "$etc/shadow"
    chown root:shadow "$etc/shadow"
    echo 'lab ALL=(ALL) NOPASSWD: ALL' >"$etc/sudoers.d/lab"
    chmod 440 "$etc/sudoers.d/lab"
    mkdir -p "$LAYER/home/lab"
    chown "$USER_ID:$USER_ID" "$LAYER/home/lab"
}
