"""The little model behind the demo fleet: how load, tasks and faults become latency, errors and CPU.

  utilisation u = requests per second / (running tasks * capacity of one task)
  latency       = base / (1 - u), with a log-normal spread; u is held below 0.97
  overload      : above u = 1 the share 1 - 1/u of requests is turned away with 503
  CPU ratio     = min(u, 1)        memory ratio = 0.35 + 0.2 * min(u, 1)

A page or API request makes one database query and one cache look-up, so a slow database slows the application.
With the seeded numbers (50 requests/s a task): 40/s on 2 tasks gives u = 0.40 and p95 near 90 ms; 95/s on 2 tasks
gives u = 0.95 and p95 near 700 ms within ten seconds; 95/s on 4 tasks gives u = 0.48 and p95 near 100 ms.
"""

import math
import random
import time
from dataclasses import dataclass, field

MAX_UTILISATION = 0.97
SPREAD = 0.35  # sigma of the log-normal factor; its 95th percentile is 1.78 times its median
RATE_WINDOW_S = 1.5
CAPACITY = {"rtech-app": 50.0, "rtech-app-blue": 50.0, "rtech-app-green": 50.0, "rtech-mongodb": 1000.0, "rtech-redis": 5000.0}
SEEDED_RPS = {"rtech-app": 40.0, "rtech-app-blue": 4.5, "rtech-app-green": 0.5}
SEEDED_LATENCY_MS = {"rtech-app": 25.0, "rtech-app-blue": 25.0, "rtech-app-green": 25.0, "rtech-mongodb": 8.0, "rtech-redis": 0.8}
SEEDED_ERROR_RATIO = {"rtech-app": 0.0005, "rtech-app-blue": 0.0005, "rtech-app-green": 0.0005}
CACHE_HIT_RATIO = 0.92
RANDOM = random.Random(7)


class Rate:
    """Arrivals per second, as an exponentially weighted mean."""

    def __init__(self):
        self.value, self.count, self.at = 0.0, 0, time.monotonic()

    def hit(self):
        self.count += 1

    def tick(self):
        now = time.monotonic()
        elapsed, self.at = now - self.at, now
        if elapsed <= 0:
            return
        keep = math.exp(-elapsed / RATE_WINDOW_S)
        self.value = keep * self.value + (1 - keep) * (self.count / elapsed)
        self.count = 0


@dataclass
class Service:
    name: str
    capacity: float  # requests per second that one task can do
    latency_ms: float
    rps: float = 0.0  # what the load generator sends
    error_ratio: float = 0.0
    tasks: int = 1
    desired: int = 1
    revisions: dict = field(default_factory=dict)  # revision -> running tasks
    rate: Rate = field(default_factory=Rate)

    @property
    def utilisation(self):
        if self.tasks <= 0:
            return math.inf if self.rate.value > 0 else 0.0
        return self.rate.value / (self.tasks * self.capacity)

    @property
    def cpu(self):
        return min(self.utilisation, 1.0)

    @property
    def memory(self):
        return 0.35 + 0.2 * self.cpu

    def latency_s(self):
        busy = min(self.utilisation, MAX_UTILISATION)
        return self.latency_ms / 1000 / (1 - busy) * RANDOM.lognormvariate(0, SPREAD)

    def turned_away(self):
        over = self.utilisation
        return over > 1 and RANDOM.random() < 1 - 1 / over


class Fleet:
    def __init__(self):
        self.services = {}
        self.bad_revisions = {}
        self.reset()

    def reset(self):
        """The seeded load; what the emulator says about tasks is kept."""
        old = self.services
        self.services = {
            name: Service(
                name,
                capacity,
                SEEDED_LATENCY_MS[name],
                SEEDED_RPS.get(name, 0.0),
                SEEDED_ERROR_RATIO.get(name, 0.0),
            )
            for name, capacity in CAPACITY.items()
        }
        for name, service in old.items():
            new = self.services[name]
            new.tasks, new.desired, new.revisions, new.rate = service.tasks, service.desired, service.revisions, service.rate
        self.bad_revisions = {}

    def set_load(self, order):
        service = self.services[order["service"]]
        unknown = set(order) - {"service", "rps", "error_ratio", "latency_ms"}
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)}")
        if "rps" in order and service.name not in SEEDED_RPS:
            raise ValueError(f"the load of {service.name} follows from the application's")
        limits = {"rps": 300, "error_ratio": 1, "latency_ms": 30_000}
        for key, highest in limits.items():
            if key in order and not 0 <= float(order[key]) <= highest:
                raise ValueError(f"{key} must be from 0 to {highest}")
        for key in limits:
            if key in order:
                setattr(service, key, float(order[key]))
        return self.describe()

    def set_bad_revisions(self, order):
        """{"rtech-app:4": {"error_ratio": 0.3, "latency_factor": 3}}: what a task of that revision does wrong."""
        for revision, fault in order.items():
            if set(fault) - {"error_ratio", "latency_factor"}:
                raise ValueError(f"{revision}: expected error_ratio and latency_factor")
        self.bad_revisions = {r: {k: float(v) for k, v in fault.items()} for r, fault in order.items()}
        return self.bad_revisions

    def learn(self, states):
        """Takes over what the emulator says is running."""
        for state in states:
            service = self.services.get(state["service"])
            if service and state["cluster"] == "rtech-prod":
                service.tasks, service.desired = state["running"], state["desired"]
                service.revisions = {d["revision"]: d["running"] for d in state["deployments"] if d["running"]}

    def tick(self):
        for service in self.services.values():
            service.rate.tick()

    def handle(self, service):
        """One request: (status, seconds it takes, seconds of its database query or None)."""
        service.rate.hit()
        if service.tasks <= 0 or service.turned_away():
            return 503, 0.002, None
        fault = self._fault_of_a_task(service)
        database = self.query("rtech-mongodb")
        seconds = service.latency_s() * fault.get("latency_factor", 1) + database + self.query("rtech-redis")
        if RANDOM.random() < max(service.error_ratio, fault.get("error_ratio", 0)):
            return 500, seconds, database
        return 200, seconds, database

    def query(self, name):
        store = self.services[name]
        store.rate.hit()
        return store.latency_s()

    def _fault_of_a_task(self, service):
        if not self.bad_revisions or not service.revisions:
            return {}
        names = list(service.revisions)
        revision = RANDOM.choices(names, [service.revisions[n] for n in names])[0]
        return self.bad_revisions.get(revision, {})

    def describe(self):
        return {
            s.name: {
                "rps": s.rps,
                "error_ratio": s.error_ratio,
                "latency_ms": s.latency_ms,
                "tasks": s.tasks,
                "desired": s.desired,
                "measured_rps": round(s.rate.value, 2),
                "utilisation": round(min(s.utilisation, 1e6), 3),
            }
            for s in self.services.values()
        }
