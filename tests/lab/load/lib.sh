# Shared by load/up and load/down. To be sourced.
# shellcheck shell=bash disable=SC2034
# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

lab=$repo/target/lab/load
names=(load_fleet load_prometheus)
LOAD_PROMETHEUS_PORT=$((port_base + 10))
LOAD_FLEET_PORT=$((port_base + 11))
