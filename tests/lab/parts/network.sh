# shellcheck shell=bash
# A bridge in a network namespace of its own, and a cable from it to each node.

make_switch() {
    ip netns add "$SWITCH" || die "a lab with the tag $LAB_TAG is up already"
    ip netns exec "$SWITCH" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$SWITCH" -b - <<BATCH
link set lo up
link add bridge0 type bridge stp_state 0 forward_delay 0
link set bridge0 up
addr add $LAB_NET.1/24 dev bridge0
BATCH
}

# The address of the card stays the same over restarts, so that neighbours reach it at once.
plug_in() { # NODE NUMBER
    local space=$LAB_TAG-$1 card
    card=$(printf '02:00:00:00:4d:%02x' "$2")
    ip netns add "$space"
    ip -n "$SWITCH" link add "$1" type veth peer name eth0 netns "$space"
    ip -n "$SWITCH" link set "$1" master bridge0 up
    ip -n "$space" -b - <<BATCH
link set lo up
link set eth0 address $card
addr add $(address_of "$1")/24 dev eth0
link set eth0 up
BATCH
}
