# The first process of a node, in mount, pid, uts, ipc and network namespaces of its own, which end
# with it: whatever runs in the node dies, and what is mounted and written here goes.
# $1 is the node's name, $2 its address, $3 the gateway's, $4 the directory of its configuration and
# kubeconfigs, $5 that of the logs, $6 its cgroup, $7 the images.
set -eu
NAME=$1 ADDRESS=$2 GATEWAY=$3 CONFIG=$4 LOGS=$5 CGROUP=$6 IMAGES=$7

ip link set lo up
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
ip route add default via "$GATEWAY"
echo 1 >/proc/sys/net/ipv4/ip_forward

hostname "$NAME"
mount --make-rshared /
mount -t tmpfs tmpfs /run
mkdir -p /run/containerd /run/lock /run/netns /run/kubelet /run/lib-upper /run/lib-work /run/volume-plugins
mount -t overlay overlay -o lowerdir=/var/lib,upperdir=/run/lib-upper,workdir=/run/lib-work /var/lib
mkdir -p /var/lib/kubelet
mount --bind /run/kubelet /var/lib/kubelet
mount --make-rshared /var/lib/kubelet
mkdir -p "$LOGS/$NAME"
mount --bind "$LOGS/$NAME" /var/log
# The kubelet sets these, which are the whole machine's: let it write to copies.
for name in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
	copy=/run/sysctl.${name//\//.}
	cat "/proc/sys/$name" >"$copy"
	mount --bind "$copy" "/proc/sys/$name"
done
# There is no registry: let a pull fail when it looks for one, and not many seconds later.
echo nameserver 127.0.0.1 >/run/resolv.conf
RESOLV=$(readlink -m /etc/resolv.conf)
mkdir -p "${RESOLV%/*}" # with systemd it lies in /run, which is empty here
[ -e "$RESOLV" ] || cp /run/resolv.conf "$RESOLV"
mount --bind /run/resolv.conf "$RESOLV"

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then # cgroup v2
	for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
		echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || echo "the nodes get no controller $controller"
	done
	mkdir -p "/sys/fs/cgroup$CGROUP"
else
	for hierarchy in /sys/fs/cgroup/*/; do
		[ ! -e "$hierarchy/tasks" ] || mkdir -p "$hierarchy$CGROUP"
	done
	for file in cpuset.cpus cpuset.mems; do # empty at first, and then no process may enter
		cat "/sys/fs/cgroup/cpuset/$file" >"/sys/fs/cgroup/cpuset$CGROUP/$file"
	done
fi

containerd -c "$CONFIG/containerd.toml" >"$LOGS/$NAME-containerd.log" 2>&1 &
CONTAINERD=$!
until ctr -a /run/containerd/containerd.sock version >/dev/null 2>&1; do
	kill -0 $CONTAINERD
	sleep 0.05
done
ctr -a /run/containerd/containerd.sock -n k8s.io images import "$IMAGES"
kubenode kube-proxy --config="$CONFIG/kube-proxy.yaml" >"$LOGS/$NAME-kube-proxy.log" 2>&1 &
kubenode kubelet --config="$CONFIG/kubelet.yaml" --kubeconfig="$CONFIG/kubelet.kubeconfig" \
	--hostname-override="$NAME" --node-ip="$ADDRESS" --v=2 >"$LOGS/$NAME-kubelet.log" 2>&1 &
wait -n
echo "containerd, kube-proxy or kubelet has ended"
exit 1
