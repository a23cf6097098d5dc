# shellcheck shell=bash
# What can go wrong with a node's network, and hardware that stands in for what this machine lacks.

fault_cut() { ip -n "$SWITCH" link set "$1" down; }
fault_hole() { ip -n "$SWITCH" link set "$1" nomaster; }
fault_slow() { ip netns exec "$SWITCH" tc qdisc replace dev "$1" root tbf rate "$2" burst 3kb latency 2s; }

fault_block() { # NODE FROM
    drop_incoming "$1" -i eth0 -s "$(address_of "$2")"
}

fault_loss() { # NODE PERCENT
    drop_incoming "$1" -i eth0 -m statistic --mode random --probability "$(awk "BEGIN { print $2 / 100 }")"
}

drop_incoming() { # NODE MATCH...
    local node=$1
    shift
    ip netns exec "$LAB_TAG-$node" iptables -w -t raw -A PREROUTING "$@" -j DROP
}

fault_mend() { # NODE
    ip -n "$SWITCH" link set "$1" up master bridge0
    ip netns exec "$SWITCH" tc qdisc del dev "$1" root 2>/dev/null || true
    ip netns exec "$LAB_TAG-$1" iptables -w -t raw -F PREROUTING
}

# dockerd offers GPUs when it finds NVIDIA's hook in its PATH. This one makes /dev/null appear as the GPUs that a
# container was given.
fault_gpus() { # NODE COUNT
    enter_node root "$1" sh -c 'cat >/usr/local/bin/nvidia-container-runtime-hook &&
        chmod 755 /usr/local/bin/nvidia-container-runtime-hook && systemctl restart docker' < <(gpu_hook "$2") &
    wait $!
    wait_ready "$1"
}

gpu_hook() { sed "s/COUNT/$1/g" "$PARTS/../../support/nvidia_hook"; } # COUNT

# Other files in place of /sys/devices/system/node: programs see the nodes, the kernel knows nothing of them.
fault_numa() { # NODE COUNT
    enter_node root "$1" bash -s "$2" <<'SCRIPT' &
set -euo pipefail
count=$1 from=/sys/devices/system/node to=/run/lab-numa cpus=$(nproc --all)
mkdir -p $to
for file in has_cpu has_memory has_normal_memory online possible; do
    if [ "$count" = 1 ]; then echo 0; else echo "0-$((count - 1))"; fi >$to/$file
done
for ((node = 0; node < count; node++)); do
    mkdir -p $to/node$node
    list='' mask=0 distances=''
    for ((cpu = node; cpu < cpus; cpu += count)); do
        list+=${list:+,}$cpu
        mask=$((mask | 1 << cpu))
        ln -sfn ../../cpu/cpu$cpu $to/node$node/cpu$cpu
    done
    for ((other = 0; other < count; other++)); do
        if [ $other = $node ]; then distances+='10 '; else distances+='21 '; fi
    done
    echo "$list" >$to/node$node/cpulist
    printf '%08x\n' $mask >$to/node$node/cpumap
    echo "${distances% }" >$to/node$node/distance
    sed "s/Node 0/Node $node/" $from/node0/meminfo >$to/node$node/meminfo
    cp $from/node0/numastat $to/node$node/
done
mount --bind $to $from
SCRIPT
    wait $!
}
