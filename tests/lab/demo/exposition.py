"""What Prometheus scrapes: classic histograms, counters and gauges in the text format."""

import bisect
from collections import defaultdict

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)


class Histogram:
    def __init__(self):
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def observe(self, seconds):
        self.counts[bisect.bisect_left(BUCKETS, seconds)] += 1
        self.sum += seconds

    def lines(self, name, labels):
        total = 0
        for edge, count in zip((*BUCKETS, "+Inf"), self.counts):
            total += count
            yield f'{name}_bucket{{{labels},le="{edge}"}} {total}'
        yield f"{name}_sum{{{labels}}} {self.sum:.6f}"
        yield f"{name}_count{{{labels}}} {total}"


class Metrics:
    def __init__(self, fleet):
        self.fleet = fleet
        self.requests = defaultdict(int)  # (service, code)
        self.durations = defaultdict(Histogram)  # (service, route)
        self.queries = defaultdict(Histogram)  # store
        self.cache = defaultdict(int)  # (store, hit or miss)
        for name, service in fleet.services.items():
            if name in ("rtech-mongodb", "rtech-redis"):
                self.queries[name] = Histogram()
                continue
            for code in (200, 500, 503):
                self.requests[name, code] = 0

    def record(self, service, route, status, seconds, query, cache_hit):
        self.requests[service, status] += 1
        self.durations[service, route].observe(seconds)
        if query is not None:
            self.queries["rtech-mongodb"].observe(query)
            self.cache["rtech-redis", "hit" if cache_hit else "miss"] += 1

    def text(self, name):
        lines = self._gauges(self.fleet.services[name])
        if name == "rtech-mongodb":
            lines += ["# TYPE db_query_duration_seconds histogram"]
            lines += self.queries[name].lines("db_query_duration_seconds", f'service="{name}"')
            lines += ["# TYPE db_connections gauge", f'db_connections{{service="{name}"}} {self.connections()}']
        elif name == "rtech-redis":
            lines += ["# TYPE cache_requests_total counter"]
            for result in ("hit", "miss"):
                lines.append(f'cache_requests_total{{service="{name}",result="{result}"}} {self.cache[name, result]}')
        else:
            lines += self._web(name)
        return "\n".join(lines) + "\n"

    def connections(self):
        web = [s for s in self.fleet.services.values() if s.desired and s.name.startswith("rtech-app")]
        return sum(5 * s.tasks for s in web)

    def _web(self, name):
        lines = ["# TYPE http_requests_total counter"]
        for (service, code), count in sorted(self.requests.items()):
            if service == name:
                lines.append(f'http_requests_total{{service="{name}",code="{code}"}} {count}')
        lines.append("# TYPE http_request_duration_seconds histogram")
        for (service, route), histogram in sorted(self.durations.items()):
            if service == name:
                lines += histogram.lines("http_request_duration_seconds", f'service="{name}",route="{route}"')
        return lines

    @staticmethod
    def _gauges(service):
        values = {
            "service_cpu_utilization_ratio": service.cpu,
            "service_memory_utilization_ratio": service.memory,
            "service_tasks_running": service.tasks,
            "service_tasks_desired": service.desired,
        }
        lines = []
        for metric, value in values.items():
            lines += [f"# TYPE {metric} gauge", f'{metric}{{service="{service.name}"}} {value:.6g}']
        for revision, tasks in service.revisions.items():
            lines.append(f'service_revision_tasks{{service="{service.name}",revision="{revision}"}} {tasks}')
        return lines
