# shellcheck shell=bash
# What systemd starts in a node: D-Bus, dockerd and a journal in memory, and none of the machine's own services.

# Units that would touch the machine, wait for hardware that a node has not, or ask for a login.
UNWANTED_UNITS=(systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service
    proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount
    sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount systemd-udevd.service
    systemd-udev-trigger.service systemd-udevd-kernel.socket systemd-udevd-control.socket
    systemd-remount-fs.service systemd-random-seed.service systemd-sysusers.service systemd-firstboot.service
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-journal-flush.service
    systemd-pstore.service e2scrub_reap.service systemd-ask-password-console.path systemd-ask-password-wall.path
    systemd-machine-id-commit.service getty.target getty-static.service systemd-logind.service
    systemd-user-sessions.service systemd-networkd.service systemd-resolved.service systemd-timesyncd.service)

make_units() {
    local system=$LAYER/etc/systemd/system unit
    for unit in "${UNWANTED_UNITS[@]}"; do ln -s /dev/null "$system/$unit"; done
    cat >"$system/lab.target" <<'UNIT'
[Unit]
Description=Node of the lab
Requires=basic.target dbus.socket
After=basic.target dbus.socket
AllowIsolate=yes
UNIT
    ln -s lab.target "$system/default.target"
    ln -s lab.target "$system/multi-user.target"
    mkdir -p "$system/lab.target.wants" "$LAYER/etc/systemd/journald.conf.d"
    printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\nReadKMsg=no\nRateLimitBurst=0\n' \
        >"$LAYER/etc/systemd/journald.conf.d/lab.conf"
}

make_docker() {
    local system=$LAYER/etc/systemd/system programs=/usr/sbin
    if [ -n "$LAB_DOCKER_BIN" ]; then
        programs=/usr/local/lib/engine
        mkdir -p "$LAYER$programs"
        cp "$LAB_DOCKER_BIN"/* "$LAYER$programs"
    fi
    cat >"$system/docker.service" <<UNIT
[Unit]
Description=Docker
[Service]
Type=notify
Environment=PATH=$programs:$NODE_PATH
ExecStart=$programs/dockerd -H unix:///run/docker.sock
Delegate=yes
KillMode=process
Restart=on-failure
TasksMax=infinity
LimitNOFILE=1048576
UNIT
    ln -s ../docker.service "$system/lab.target.wants/docker.service"
    make_runc
}

# A privileged container asks for every capability that the engine knows. Where this machine lacks one itself, runc
# refuses; so it is taken out of the request.
make_runc() {
    local names=(chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
        net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace
        sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write
        audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf
        checkpoint_restore)
    local have remove='' i name
    have=$((16#$(awk '/^CapBnd/ { print $2 }' /proc/self/status)))
    for i in "${!names[@]}"; do
        name=CAP_${names[i]^^}
        [ $((have >> i & 1)) = 1 ] || remove+="s/,\"$name\"//g;s/\"$name\",//g;"
    done
    [ -n "$remove" ] || return 0
    mkdir -p "$LAYER/usr/local/sbin"
    cat >"$LAYER/usr/local/sbin/lab-runc" <<SCRIPT
#!/bin/sh
file= previous=
for word; do
    case \$previous in
        --bundle | -b) file=\$word/config.json ;;
        --process | -p) file=\$word ;;
    esac
    previous=\$word
done
[ ! -f "\$file" ] || sed -i '$remove' "\$file"
exec runc "\$@"
SCRIPT
    chmod 755 "$LAYER/usr/local/sbin/lab-runc"
    echo '{"runtimes":{"lab":{"path":"/usr/local/sbin/lab-runc"}},"default-runtime":"lab"}' \
        >"$LAYER/etc/docker/daemon.json"
}
