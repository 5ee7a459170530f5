# Shared by up, down, install and reset: where things are, and how to start and stop them. To be sourced.
# shellcheck shell=bash disable=SC2034

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
lab=$repo/target/lab

port_base=${QD_LAB_PORT_BASE:-19300}
if ! [[ $port_base =~ ^[0-9]{4,5}$ ]] || ((port_base < 1024 || port_base > 65000)); then
    echo "QD_LAB_PORT_BASE must be a number from 1024 to 65000, not '$port_base'" >&2
    exit 2
fi
NGINX_PORT=$((port_base))
DEMO_PORT=$((port_base + 1))
PROMETHEUS_PORT=$((port_base + 2))
PROXY_PORT=$((port_base + 3))
PROXY_CONTROL_PORT=$((port_base + 4))
ALERTMANAGER_PORT=$((port_base + 5))
NODE_PORT=$((port_base + 6))
MOTO_PORT=$((port_base + 7))
MINISTACK_PORT=$((port_base + 8))

TOKEN="lab-prometheus-token"
lifetime=6h
export PYTHONDONTWRITEBYTECODE=1
names=(nginx demo prometheus prom_proxy alertmanager node_exporter moto ministack)

# The venv is shared by all checkouts of a user, one for each set of requirements.
venv_key=$(sha256sum "$here/requirements.txt" | cut -c1-12)
venv=${QD_LAB_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/quarterdeck-lab/venv-$venv_key}

say() { printf '%s\n' "$*"; }
die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

# One `up` or `down` at a time. Children must not inherit the lock: start them with 9>&-.
take_lock() {
    mkdir -p "$lab"
    exec 9>"$lab/lock"
    flock -w 120 9 || die "another up or down is still running in $lab"
}

# When a process started, in clock ticks since boot: with its pid, that names it for good.
started_at() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086 # the words are wanted
    set -- $stat
    printf '%s\n' "${20}"
}

# Is the process in the pid file of $1 still that process, and still ours?
alive() {
    local pid start
    [[ -f $lab/pid/$1 ]] && read -r pid start <"$lab/pid/$1" || return 1
    [[ $(started_at "$pid") == "$start" ]] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "^timeout .*$lifetime "
}

# start NAME COMMAND…: in a session of its own, stopped by itself after $lifetime.
start() {
    local name=$1 pid tries
    shift
    setsid timeout --kill-after=5 "$lifetime" "$@" </dev/null >"$lab/log/$name.log" 2>&1 9>&- &
    pid=$!
    printf '%s %s\n' "$pid" "$(started_at "$pid")" >"$lab/pid/$name"
    for ((tries = 0; tries < 100; tries++)); do # until the shell's copy has become the command
        ! alive "$name" || return 0
        sleep 0.02
    done
}

stop_all() {
    local name pid count=0 deadline=$((SECONDS + 6))
    for name in "${names[@]}"; do
        if alive "$name"; then
            read -r pid _ <"$lab/pid/$name"
            kill -TERM "$pid" 2>/dev/null && count=$((count + 1))
        fi
    done
    for name in "${names[@]}"; do
        while alive "$name" && ((SECONDS < deadline)); do sleep 0.05; done
        if alive "$name"; then
            read -r pid _ <"$lab/pid/$name"
            kill -KILL -- "-$pid" 2>/dev/null
        fi
        rm -f "$lab/pid/$name"
    done
    rm -f "$lab/env"
    stopped=$count
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
