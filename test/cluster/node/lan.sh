# Run in the network namespace of the control plane: the network that it shares with the
# nodes, and on which nothing else is. $1 is its address there, $2 the address of Services,
# $3 that of the node by way of which they are reached.
set -eu
ip link set lo up
ip link add br0 type bridge
ip addr add "$1/24" dev br0
ip link set br0 up
ip route add "$2" via "$3"
echo 1 >/proc/sys/net/ipv4/ip_forward # from node to node
# Ports for tens of thousands of connections, each of which keeps its own for a minute.
echo 1024 65000 >/proc/sys/net/ipv4/ip_local_port_range
