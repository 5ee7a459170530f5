#!/usr/bin/env python3
"""Scaling a service as a whole process, beside what is used for it elsewhere: time and requests, in one run.

    tests/lab/up && . target/lab/env
    cargo build --release && benches/act.py [ROUNDS]

Each round scales rtech-app up and down again with each tool in turn, on the lab's emulator, whose tasks start at once (so that it is the
tools that are timed, not the tasks). Three jobs:

- quarterdeck: `plan` and `apply`: observed, judged, sent, read back until steady;
- aws: the AWS CLI doing the same by hand: who am I, the service, its tasks, its scaling bounds and policies, its alarms; update-service;
  wait services-stable;
- ecs-deploy: `ecs scale`, which checks nothing beforehand and waits until it is stable.

The two others are installed once from PyPI into target/rivals. Prints medians, and each figure's ratio to quarterdeck's.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
RIVALS = ROOT / "target" / "rivals"
PINS = ["awscli==1.46.3", "ecs-deploy==1.17.0"]
CLUSTER, SERVICE = "rtech-prod", "rtech-app"
BINARY = os.environ.get("QD_BENCH_BINARY", str(ROOT / "target" / "release" / "quarterdeck"))
MOTO = os.environ.get("QD_MOTO_URL") or sys.exit("start the lab first: tests/lab/up && . target/lab/env")


def install():
    if not (RIVALS / "bin" / "ecs").exists():
        subprocess.run([sys.executable, "-m", "venv", RIVALS], check=True)
        subprocess.run([RIVALS / "bin" / "pip", "install", "-q", *PINS], check=True)


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(MOTO + path, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def run(*command, environment):
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def quarterdeck(count, environment, config):
    plan = pathlib.Path(environment["QD_STATE_DIR"]) / "plan.json"
    run(BINARY, "--config", config, "plan", "scale", SERVICE, f"desired={count}", "--out", plan, environment=environment)
    run(BINARY, "--config", config, "apply", plan, "--confirm", SERVICE, environment=environment)


def aws(count, environment, _config):
    def cli(*words):
        run(RIVALS / "bin" / "aws", *words, environment=environment)

    named = ["--cluster", CLUSTER]
    resource = ["--service-namespace", "ecs"]
    cli("sts", "get-caller-identity")
    cli("ecs", "describe-services", *named, "--services", SERVICE)
    cli("ecs", "list-tasks", *named, "--service-name", SERVICE)
    cli("application-autoscaling", "describe-scalable-targets", *resource)
    cli("application-autoscaling", "describe-scaling-policies", *resource)
    cli("application-autoscaling", "describe-scheduled-actions", *resource)
    cli("cloudwatch", "describe-alarms")
    cli("ecs", "update-service", *named, "--service", SERVICE, "--desired-count", str(count))
    cli("ecs", "wait", "services-stable", *named, "--services", SERVICE)


def ecs_deploy(count, environment, _config):
    # It wants credentials and region spelled out and knows no endpoint option of its own; boto3 takes it from the environment.
    run(RIVALS / "bin" / "ecs", "scale", CLUSTER, SERVICE, str(count), environment=environment)


def configuration():
    """The example without the waits that keep two actions apart."""
    text = (ROOT / "examples" / "rtech" / "quarterdeck.toml").read_text()
    lines = []
    for line in text.splitlines():
        if line.startswith("gate_window"):
            line = 'gate_window = "0s"'
        elif line.startswith("cooldown"):
            line = 'cooldown = { scale = "0s" }'
        elif line.startswith("actions_per_hour"):
            line = f"{line.split()[0]} = 0"
        lines.append(line)
    path = pathlib.Path(tempfile.mkdtemp()) / "quarterdeck.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def main():
    install()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    environment = {**os.environ, "QD_STATE_DIR": tempfile.mkdtemp(), "QD_INTERVAL": "15s"}
    config = configuration()
    control("POST", "/_rollout", {"step_s": 0.01, "batch": 10})
    found = {"quarterdeck": [], "aws": [], "ecs-deploy": []}
    tools = {"quarterdeck": quarterdeck, "aws": aws, "ecs-deploy": ecs_deploy}
    for turn in range(rounds):
        for name, tool in tools.items():
            for count in (4, 2):
                control("DELETE", "/_requests")
                began = time.monotonic()
                tool(count, environment, config)
                took = time.monotonic() - began
                requests = len(json.loads(control("GET", "/_requests")))
                found[name].append((took, requests))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    control("POST", "/_restore")
    base = [statistics.median(column) for column in zip(*found["quarterdeck"])]
    print(f"{'tool':12} {'seconds':>24} {'requests':>10}   to quarterdeck's")
    for name, values in found.items():
        times, requests = zip(*values)
        middle, asked = statistics.median(times), statistics.median(requests)
        spread = f"{middle:.2f} ({min(times):.2f}–{max(times):.2f})"
        print(f"{name:12} {spread:>24} {asked:10.0f}   {middle / base[0]:.1f} × time, {asked / base[1]:.1f} × requests")


main()
