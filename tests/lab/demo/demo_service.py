#!/usr/bin/env python3
"""The lab's fleet: rtech's services as one small program that answers real requests and is asked for them.

It serves (127.0.0.1 only): /svc/SERVICE/ROUTE (the application), /metrics/SERVICE (for Prometheus), /health,
/api/health and /ping, and the controls below. It sends itself a bounded load through nginx, asks the emulator
every second how many tasks run, and pushes CloudWatch metrics every ten seconds. model.py says how load becomes
latency; nothing else is made up. Needs only the standard library.

Controls (JSON):
  GET  /_load       every service: load, tasks, utilisation
  POST /_load       {"service": "rtech-app", "rps": 95, "error_ratio": 0.02, "latency_ms": 25}
  POST /_revisions  {"rtech-app:4": {"error_ratio": 0.3, "latency_factor": 3}}   {} heals
  POST /_health     health.py says what
  POST /_scrape     {"service": "rtech-redis", "up": false}   its metrics answer 503, so `up` becomes 0
  POST /_cloudwatch {"push": false}                            stop or go on pushing, for stale metrics
                    {"namespace": "RtechApp", "metric": "ErrorRate", "value": 9, "weight": 5000}   a heavy point
  POST /_reset      the seeded load, health and CloudWatch

usage: demo_service.py PORT NGINX_PORT MOTO_PORT MINISTACK_PORT
"""

import asyncio
import contextlib
import http.client
import json
import sys
import time

import cloudwatch
import web
from exposition import Metrics
from health import PARTS as HEALTH_PATHS
from health import Health
from model import CACHE_HIT_RATIO, RANDOM, Fleet

LOAD_TICK_S = 0.05
MAX_IN_FLIGHT = 400
REQUEST_TIMEOUT_S = 15
LEARN_EVERY_S = 1.0
PUSH_EVERY_S = 10.0
LIFETIME_S = 6 * 3600
ROUTES = ("/api", "/api", "/api", "/api", "/")


class Demo:
    def __init__(self, nginx_port, moto_port, ministack_port):
        self.fleet = Fleet()
        self.metrics, self.health = Metrics(self.fleet), Health(self.fleet)
        self.client = web.Client(nginx_port, MAX_IN_FLIGHT)
        self.moto_port = moto_port
        self.cloudwatch = cloudwatch.CloudWatch(ministack_port)
        self.push = cloudwatch.Push(self.fleet, self.metrics)
        self.pushing, self.down, self.seeded, self.dropped = True, set(), False, 0

    # ---- what it serves

    async def handle(self, method, path, body):
        if path.startswith("/svc/"):
            return await self.application(path)
        if path in HEALTH_PATHS:
            return await self.health.answer(path)
        if path.startswith("/metrics/"):
            return self.scrape(path.removeprefix("/metrics/"))
        if path.startswith("/_"):
            return await self.control(method, path, body)
        return web.json_reply({"error": "not found"}, 404)

    async def application(self, path):
        _, _, name, route = path.split("/", 3)
        service = self.fleet.services.get(name)
        if service is None or not name.startswith("rtech-app"):
            return web.json_reply({"error": "no such service"}, 404)
        status, seconds, query = self.fleet.handle(service)
        began = time.monotonic()
        await asyncio.sleep(seconds)
        route = "/api" if route.startswith("api") else "/"
        hit = RANDOM.random() < CACHE_HIT_RATIO
        self.metrics.record(name, route, status, time.monotonic() - began, query, hit)
        return web.json_reply({"service": name, "status": status}, status)

    def scrape(self, name):
        if name not in self.fleet.services:
            return web.json_reply({"error": "no such service"}, 404)
        if name in self.down:
            return web.json_reply({"error": "taken down on purpose"}, 503)
        return 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}, self.metrics.text(name).encode()

    # ---- controls

    async def control(self, method, path, body):
        actions = {
            "GET /_load": lambda _: self.fleet.describe(),
            "POST /_load": self.fleet.set_load,
            "POST /_revisions": self.fleet.set_bad_revisions,
            "GET /_health": lambda _: self.health.orders,
            "POST /_health": self.health.set,
            "POST /_scrape": self.set_scrape,
        }
        slow = {"POST /_cloudwatch": self.set_cloudwatch, "POST /_reset": self.reset}
        key = f"{method} {path}"
        try:
            order = json.loads(body or b"{}")
            if key in slow:
                return web.json_reply(await slow[key](order))
            if key in actions:
                return web.json_reply(actions[key](order))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return web.json_reply({"error": f"{type(error).__name__}: {error}"}, 400)
        except OSError as error:
            return web.json_reply({"error": str(error)}, 503)
        return web.json_reply({"error": f"no {key}", "known": sorted([*actions, *slow])}, 404)

    def set_scrape(self, order):
        name = order["service"]
        if name not in self.fleet.services:
            raise ValueError(f"service must be one of {sorted(self.fleet.services)}")
        (self.down.discard if order["up"] else self.down.add)(name)
        return {"down": sorted(self.down)}

    async def set_cloudwatch(self, order):
        self.pushing = bool(order.get("push", self.pushing))
        if "metric" in order:
            weight = float(order.get("weight", 1))
            dims = order.get("dimensions", {})
            point = cloudwatch.datum(order["metric"], dims, time.time(), values=[float(order["value"])], counts=[weight])
            await asyncio.to_thread(self.cloudwatch.put, {order["namespace"]: [point]})
        return {"pushing": self.pushing}

    async def reset(self, _order):
        self.fleet.reset()
        self.health.reset()
        self.down.clear()
        await self.seed()
        self.push.batch()  # what was counted until now belongs to the past
        self.pushing = True
        return self.fleet.describe()

    async def seed(self):
        await asyncio.to_thread(self.cloudwatch.seed)
        self.seeded = True

    # ---- what it does by itself

    async def send_load(self):
        """Whole requests that are due, each tick; a share of one is carried over."""
        owed, last, tasks = {}, time.monotonic(), set()
        while True:
            await asyncio.sleep(LOAD_TICK_S)
            now = time.monotonic()
            elapsed, last = min(now - last, 1.0), now
            self.fleet.tick()
            for service in self.fleet.services.values():
                due = owed.get(service.name, 0.0) + service.rps * elapsed
                owed[service.name] = due % 1
                for _ in range(int(due)):
                    task = asyncio.create_task(self.request(service.name))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)

    async def request(self, name):
        if await self.client.get(f"/svc/{name}{RANDOM.choice(ROUTES)}", REQUEST_TIMEOUT_S) is None:
            self.dropped += 1

    async def learn_tasks(self):
        while True:
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                self.fleet.learn(await asyncio.to_thread(self.ask_services))
            await asyncio.sleep(LEARN_EVERY_S)

    def ask_services(self):
        connection = http.client.HTTPConnection(web.HOST, self.moto_port, timeout=2)
        try:
            connection.request("GET", "/_services")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    async def push_metrics(self):
        while not self.seeded:
            try:
                await self.seed()
            except OSError:
                await asyncio.sleep(0.2)
        while True:
            await asyncio.sleep(PUSH_EVERY_S)
            batch = self.push.batch()
            if self.pushing:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    await asyncio.to_thread(self.cloudwatch.put, batch)


async def main(port, nginx_port, moto_port, ministack_port):
    demo = Demo(nginx_port, moto_port, ministack_port)
    server = await web.serve(port, demo.handle)
    work = asyncio.gather(demo.send_load(), demo.learn_tasks(), demo.push_metrics(), server.serve_forever())
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(work, LIFETIME_S)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:5])))
