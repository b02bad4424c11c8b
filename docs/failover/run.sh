#!/bin/bash
# PostgreSQL under Patroni with etcd and HAProxy on the loopback of one machine, whose primary is replaced and killed while
# this package writes to it. README.md says what is needed. Everything is in one temporary folder, and goes with it.
#
# Usage: run.sh [LAYOUT…]

set -euo pipefail

here=$(dirname "$(realpath "$0")")
layouts=("$@")
[ $# -gt 0 ] || layouts=(rows column)

base=${PORT_BASE:-21800}
nodes=(pg1 pg2 pg3)
declare -A port=([pg1]=$((base + 1)) [pg2]=$((base + 2)) [pg3]=$((base + 3)))
declare -A api=([pg1]=$((base + 11)) [pg2]=$((base + 12)) [pg3]=$((base + 13)))
apis=()
for node in "${nodes[@]}"; do apis+=("http://127.0.0.1:${api[$node]}"); done
etcd_port=$((base + 21)) etcd_peer_port=$((base + 22)) haproxy_port=$((base + 31))

for program in etcd patroni patronictl haproxy /usr/lib/postgresql/15/bin/postgres curl node; do
  command -v "$program" >/dev/null || { echo "$program is missing: see README.md" >&2; exit 1; }
done

folder=$(mktemp -d /tmp/failover-XXXXXX)
password=$(head -c 18 /dev/urandom | base64 | tr '+/' '-_')
declare -A pid=()

# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
  as=(setpriv --reuid postgres --regid postgres --init-groups)
  chown postgres: "$folder"
fi

# Starts a program in the background, with its output in the folder.
start() {
  local name=$1
  shift
  (cd "$folder" && exec "${as[@]}" "$@") >>"$folder/$name.log" 2>&1 &
  pid[$name]=$!
}

start_node() {
  start "$1" patroni "$folder/$1.yml"
}

# A node's host goes: its Patroni first, which would act, then PostgreSQL with all its processes.
kill_node() {
  local postmaster
  postmaster=$(head -1 "$folder/$1/data/postmaster.pid" 2>/dev/null || true)
  [ -z "${pid[$1]:-}" ] || kill -KILL "${pid[$1]}" 2>/dev/null || true
  if [ -n "$postmaster" ] && kill -STOP "$postmaster" 2>/dev/null; then
    pkill -KILL -P "$postmaster" || true
    kill -KILL "$postmaster"
  fi
}

clean_up() {
  local node
  [ -z "${pid[load]:-}" ] || kill -KILL "${pid[load]}" 2>/dev/null || true
  for node in "${nodes[@]}"; do kill_node "$node"; done
  for name in haproxy etcd; do [ -z "${pid[$name]:-}" ] || kill -KILL "${pid[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  [ -n "${KEEP:-}" ] && echo "Kept: $folder" || rm -rf "$folder"
}
trap clean_up EXIT

# Fills in a configuration file; what is of one node, for that one.
fill() {
  local script="s|\${FOLDER}|$folder|g; s|\${PASSWORD}|$password|g;"
  script+="s|\${ETCD_PORT}|$etcd_port|g; s|\${HAPROXY_PORT}|$haproxy_port|g;"
  local node
  for node in "${nodes[@]}"; do
    script+="s|\${${node^^}_PORT}|${port[$node]}|g; s|\${${node^^}_API}|${api[$node]}|g;"
  done
  [ -z "${2:-}" ] || script+="s|\${NAME}|$2|g; s|\${PORT}|${port[$2]}|g; s|\${API}|${api[$2]}|g;"
  sed "$script" "$here/$1"
}

ctl() { patronictl -c "$folder/pg1.yml" "$@"; }

# The node that has the role (Patroni's: primary, sync or read-only-sync); nothing if there is none.
node_that_is() {
  local node
  for node in "${nodes[@]}"; do
    if curl -fsS -m 1 -o /dev/null "http://127.0.0.1:${api[$node]}/$1" 2>/dev/null; then
      echo "$node"
      return
    fi
  done
}

# Waits until a command succeeds.
until_true() {
  local deadline=$((SECONDS + 120))
  until "$@"; do
    [ $SECONDS -lt $deadline ] || { echo "waited in vain for: $*" >&2; ctl list >&2; return 1; }
    sleep 0.2
  done
}

# Whether there is a primary, both standbys follow it, and commits wait for one of them.
is_whole() {
  local primary count
  primary=$(node_that_is primary)
  [ -n "$primary" ] && [ -n "$(node_that_is sync)" ] || return 1
  count=$(curl -fsS -m 1 "http://127.0.0.1:${api[$primary]}/patroni" | grep -o '"state": "streaming"' | wc -l)
  [ "$count" = 2 ]
}

is_replaced() { local now; now=$(node_that_is primary); [ -n "$now" ] && [ "$now" != "$1" ]; }
# Whether the load writes, or has failed.
has_begun() { grep -q '^begun' "$folder/load.err" || ! kill -0 "${pid[load]}" 2>/dev/null; }

# Runs the load by a route, and something that befalls the leader in its middle.
try() {
  local layout=$1 route=$2 event=$3 leader standby hosts
  until_true is_whole
  leader=$(node_that_is primary)
  standby=$(node_that_is sync)
  local admin="postgresql://postgres:$password@127.0.0.1:$haproxy_port/postgres"
  hosts="127.0.0.1:${port[pg1]},127.0.0.1:${port[pg2]},127.0.0.1:${port[pg3]}"
  local url=$admin
  [ "$route" = HAProxy ] || url="postgresql://postgres:$password@$hosts/postgres?target_session_attrs=read-write"
  : >"$folder/load.err"
  # On the standard error: `begun`, and why it failed.
  node "$here/load.js" "$layout" "$url" "$admin" "${apis[@]}" >"$folder/load.out" 2>"$folder/load.err" &
  pid[load]=$!
  until_true has_begun
  sleep 2
  echo "Layout $layout, by $route: $event of $leader"
  case $event in
    failover) ctl failover baileys --candidate "$standby" --force >>"$folder/ctl.log" ;;
    kill) kill_node "$leader" ;;
  esac
  until_true is_replaced "$leader"
  sleep 3
  [ "$event" = failover ] || start_node "$leader"
  kill -TERM "${pid[load]}"
  if ! wait "${pid[load]}"; then
    cat "$folder/load.err" >&2
    exit 1
  fi
  unset 'pid[load]'
  cat "$folder/load.out"
}

for node in "${nodes[@]}"; do
  "${as[@]}" mkdir -m 700 "$folder/$node"
  fill patroni.yml "$node" | "${as[@]}" sh -c "umask 077; cat >$folder/$node.yml"
done
fill haproxy.cfg | "${as[@]}" sh -c "cat >$folder/haproxy.cfg"

start etcd etcd --data-dir "$folder/etcd" \
  --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
  --listen-peer-urls "http://127.0.0.1:$etcd_peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$etcd_peer_port" \
  --initial-cluster "default=http://127.0.0.1:$etcd_peer_port"
until_true curl -fsS -m 1 -o /dev/null "http://127.0.0.1:$etcd_port/health"
for node in "${nodes[@]}"; do start_node "$node"; done
start haproxy haproxy -db -f "$folder/haproxy.cfg"
until_true is_whole
ctl list

for layout in "${layouts[@]}"; do
  for route in HAProxy 'several hosts'; do
    for event in failover kill; do
      try "$layout" "$route" "$event"
    done
  done
done
until_true is_whole
ctl list
