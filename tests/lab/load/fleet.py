#!/usr/bin/env python3
"""A fleet of many services for the scale bench: six series a service, served to Prometheus and told for the past.

usage: fleet.py serve COUNT PORT                 an exporter on 127.0.0.1
       fleet.py history COUNT HOURS STEP_SECONDS OpenMetrics of the past, for `promtool tsdb create-blocks-from openmetrics`
       fleet.py config COUNT PROMETHEUS_URL      a configuration for the console

A value depends on the service and the time only, so that history and scrapes go together.
"""

import math
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# name, type, and its value for service `n` at second `t`
SERIES = (
    ("fleet_latency_p95_seconds", "gauge", lambda n, t: 0.12 * wave(n, t, 1800)),
    ("fleet_requests_total", "counter", lambda n, t: (t - EPOCH) * (20 + n % 60)),
    ("fleet_errors_total", "counter", lambda n, t: (t - EPOCH) * (20 + n % 60) * 0.0004),
    ("fleet_cpu_percent", "gauge", lambda n, t: 45 * wave(n, t, 3600)),
    ("fleet_memory_percent", "gauge", lambda n, t: 60 * wave(n, t, 7200)),
    ("fleet_queue_length", "gauge", lambda n, t: round(40 * wave(n, t, 900))),
)
EPOCH = 1_700_000_000

SIGNALS = (
    ("latency_p95", "fleet_latency_p95_seconds", "seconds", 0.5, 1.5),
    ("errors", "sum by (service) (rate(fleet_errors_total[5m])) / sum by (service) (rate(fleet_requests_total[5m]))", "ratio", 0.01, 0.05),
    ("traffic", "sum by (service) (rate(fleet_requests_total[5m]))", "per_second", None, None),
    ("cpu", "fleet_cpu_percent", "percent", 80, 95),
    ("memory", "fleet_memory_percent", "percent", 85, 95),
    ("queue", "fleet_queue_length", "count", 500, 1000),
)


def wave(n, t, period):
    return 1 + 0.25 * math.sin(2 * math.pi * (t / period + n / 17)) + 0.05 * math.sin(t * 0.7 + n)


def service(n):
    return f"service-{n:04}"


def exposition(count, now):
    lines = []
    for name, kind, value in SERIES:
        lines.append(f"# TYPE {name} {kind}")
        lines.extend(f'{name}{{service="{service(n)}"}} {value(n, now):.10g}' for n in range(count))
    return "\n".join(lines) + "\n"


def serve(count, port):
    class Exporter(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = exposition(count, time.time()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Exporter).serve_forever()


def history(count, hours, step):
    # The labels that a scrape adds, so that past and present are one series.
    end = int(time.time()) // step * step
    moments = range(end - hours * 3600, end + 1, step)
    for name, kind, value in SERIES:
        family = name.removesuffix("_total")
        sys.stdout.write(f"# TYPE {family} {kind}\n")
        for n in range(count):
            labels = f'{name}{{instance="fleet",job="fleet",service="{service(n)}"}}'
            sys.stdout.write("".join(f"{labels} {value(n, t):.10g} {t}\n" for t in moments))
    sys.stdout.write("# EOF\n")


def config(count, url):
    names = ", ".join(f'"{service(n)}"' for n in range(count))
    print(f"""# Made by tests/lab/load/fleet.py
state_dir = "${{QD_STATE_DIR:-}}"

[environment]
name = "fleet-{count}"
kind = "staging"

[prometheus]
url = "{url}"
interval = "15s"
timeout = "10s"
max_series = 10000
max_body = 67108864

[ui]
range = "6h"

[[services]]
names = [{names}]
summary = "one of many\"""")
    for name, promql, unit, warning, critical in SIGNALS:
        bounds = f"\nwarning = {warning}\ncritical = {critical}" if warning else ""
        print(f"\n[[services.signal]]\nname = \"{name}\"\npromql = '{promql}'\nby = \"service\"\nunit = \"{unit}\"{bounds}")


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    {
        "serve": lambda count, port: serve(int(count), int(port)),
        "history": lambda count, hours, step: history(int(count), int(hours), int(step)),
        "config": lambda count, url: config(int(count), url),
    }[what](*rest)
