"""The two health endpoints that fleets describe, and a plain one; each can be made ill.

POST /_health {"path": "/health", "state": "unhealthy", "ms": 0, "parts": {"redis": "rejected"}, "http": 503}
  path   /health (settled promises), /api/health (checks) or /ping
  state  healthy | degraded (/api/health only) | unhealthy | hang
  ms     an extra delay; goes with every state
  parts  /health: database, redis, s3, external: healthy | unhealthy | rejected
         /api/health: database, cache, ai, external: healthy | degraded | unhealthy
  http   the status, when it shall differ from 200 (healthy, degraded) or 503 (unhealthy)
A POST describes the path completely: what is left out is healthy.
"""

import asyncio
import datetime
import json
import time

PARTS = {"/health": ("database", "redis", "s3", "external"), "/api/health": ("database", "cache", "ai", "external"), "/ping": ()}
STATES = {
    "/health": ("healthy", "unhealthy", "hang"),
    "/api/health": ("healthy", "degraded", "unhealthy", "hang"),
    "/ping": ("healthy", "unhealthy", "hang"),
}
FIELDS = {"path", "state", "ms", "parts", "http"}
HANG_S = 600
STARTED = time.monotonic()


class Health:
    def __init__(self, fleet):
        self.fleet = fleet
        self.reset()

    def reset(self):
        self.orders = {path: {"state": "healthy", "ms": 0, "parts": {}, "http": None} for path in PARTS}

    def set(self, order):
        path = order["path"]
        if path not in PARTS or set(order) - FIELDS:
            raise ValueError(f"path must be one of {sorted(PARTS)}, and the fields {sorted(FIELDS)}")
        state, parts = order.get("state", "healthy"), order.get("parts", {})
        if state not in STATES[path]:
            raise ValueError(f"state must be one of {STATES[path]}")
        if set(parts) - set(PARTS[path]):
            raise ValueError(f"parts must be some of {PARTS[path]}")
        self.orders[path] = {"state": state, "ms": int(order.get("ms", 0)), "parts": parts, "http": order.get("http")}
        return self.orders

    async def answer(self, path):
        """(status, headers, body)"""
        began, order = time.monotonic(), self.orders[path]
        await asyncio.sleep(HANG_S if order["state"] == "hang" else order["ms"] / 1000)
        make = {"/health": self._settled, "/api/health": self._checks, "/ping": self._plain}[path]
        document = make(order)
        status = order["http"] or (503 if order["state"] == "unhealthy" else 200)
        headers = {"Content-Type": "application/json", "X-Health-Check-Duration": f"{(time.monotonic() - began) * 1000:.0f}ms"}
        return status, headers, json.dumps(document).encode()

    def _plain(self, order):
        return {"ok": order["state"] == "healthy"}

    def _settled(self, order):
        return {
            "status": order["state"],
            "timestamp": now(),
            "services": {part: self._promise(part, order["parts"].get(part, "healthy")) for part in PARTS["/health"]},
        }

    def _promise(self, part, state):
        if state == "rejected":
            return {"status": "rejected", "reason": f"connect ECONNREFUSED {part}"}
        value = {"healthy": state == "healthy", "responseTime": self._milliseconds(part)}
        if state != "healthy":
            value["error"] = f"{part} check failed"
        return {"status": "fulfilled", "value": value}

    def _checks(self, order):
        def check(part, **more):
            state = order["parts"].get(part, "healthy")
            error = {} if state == "healthy" else {"error": f"{part} is {state}"}
            return {"status": state, **more, **error}

        app = self.fleet.services["rtech-app"]
        external = check("external")
        external["services"] = {"pusher": "healthy", "sentry": external["status"]}
        return {
            "status": order["state"],
            "version": "2.4.1",
            "timestamp": now(),
            "checks": {
                "database": check("database", latency=self._milliseconds("database")),
                "cache": check("cache", hitRate=0.92),
                "ai": check("ai"),
                "external": external,
            },
            "metrics": {"uptime": int(time.monotonic() - STARTED), "memory": round(app.memory, 3), "cpu": round(app.cpu, 3)},
        }

    def _milliseconds(self, part):
        store = {"database": "rtech-mongodb", "redis": "rtech-redis", "cache": "rtech-redis"}.get(part)
        return round(self.fleet.services[store].latency_s() * 1000, 1) if store else 35


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
