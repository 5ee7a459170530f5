#!/usr/bin/env python3
"""The lab's AWS: moto's server behind one WSGI layer that adds what tests need. moto's own code stays untouched.

- CloudWatch calls go on to ministack (`--cloudwatch URL`), whatever their protocol, so that they too can be
  logged and made to fail;
- `--rollout`: our models of an ECS rollout (ecs_rollout.py) and of Application Auto Scaling (scaling_activities.py).

Controls (JSON; none of them is logged or made to fail):
  GET/POST/DELETE /_faults     faults.py says what a rule is
  GET/DELETE      /_requests   every AWS call since the last DELETE: service, op, at, user_agent, parameters, status, fault
  GET/POST        /_rollout    {"step_s": 1.0, "batch": 1, "fail_td": null, "hold": false}
  GET             /_services   the truth about all ECS services, cheap
  POST            /_autoscale  {"resource_id": "service/rtech-prod/rtech-app", "desired": 4, "cause": "…"}
  POST            /_snapshot   remember the state of ECS, Application Auto Scaling and ELB
  POST            /_restore    back to it; also clears faults, the request log and the rollout plan

usage: moto_plus.py HOST PORT [--rollout] [--cloudwatch URL]
"""

import argparse
import collections
import copy
import http.client
import json
import os
import re
import threading
import time
from urllib.parse import urlsplit

from werkzeug.serving import run_simple

from moto.core.base_backend import BaseBackend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

import faults
import wire

# DynamoDB judges a condition and writes in one go; moto's threads would not.
DYNAMODB = threading.Lock()
ACCOUNT, REGION = "123456789012", "us-east-1"
MAX_LOG = 10_000
UPSTREAM_TIMEOUT_S = 30
SKIPPED_HEADERS = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class RequestLog:
    def __init__(self):
        self.entries = collections.deque(maxlen=MAX_LOG)

    def add(self, call, env):
        entry = {
            "service": call.service,
            "op": call.op,
            "at": time.time(),
            "user_agent": env.get("HTTP_USER_AGENT"),
            "parameters": call.parameters(),
            "status": None,
            "fault": None,
        }
        self.entries.append(entry)
        return entry


class CloudWatchUpstream:
    """Hands a CloudWatch call to ministack as it came."""

    def __init__(self, url):
        self.netloc = urlsplit(url).netloc

    def __call__(self, env, start):
        headers = {k[5:].replace("_", "-").title(): v for k, v in env.items() if k.startswith("HTTP_")}
        headers["Content-Type"] = env.get("CONTENT_TYPE", "")
        headers["Host"] = self.netloc
        path = env["PATH_INFO"] + (f"?{env['QUERY_STRING']}" if env.get("QUERY_STRING") else "")
        connection = http.client.HTTPConnection(self.netloc, timeout=UPSTREAM_TIMEOUT_S)
        try:
            connection.request(env["REQUEST_METHOD"], path, env["wsgi.input"].read(), headers)
            reply = connection.getresponse()
            body = reply.read()
        except (OSError, http.client.HTTPException) as error:
            return wire.send_json(start, {"error": f"ministack: {error}"}, "502 Bad Gateway")
        finally:
            connection.close()
        kept = [(k, v) for k, v in reply.getheaders() if k.lower() not in SKIPPED_HEADERS]
        start(f"{reply.status} {reply.reason}", kept + [("Content-Length", str(len(body)))])
        return [body]


class Models:
    """Our own models, and the state that a test can go back to."""

    def __init__(self):
        import ecs_rollout
        import scaling_activities
        from moto.applicationautoscaling.models import applicationautoscaling_backends
        from moto.ecs.models import ecs_backends
        from moto.elbv2.models import elbv2_backends

        BaseBackend.__deepcopy__ = lambda self, memo: self  # a copy of state still points at the one backend
        self.rollout, self.scaling = ecs_rollout, scaling_activities
        self.ecs = ecs_backends[ACCOUNT][REGION]
        self.autoscaling = applicationautoscaling_backends[ACCOUNT][REGION]
        self.backends = [self.ecs, self.autoscaling, elbv2_backends[ACCOUNT][REGION]]
        self.saved = None

    def services(self):
        with self.rollout.LOCK:
            return self.rollout.service_states(self.ecs)

    def autoscale(self, order):
        return self.scaling.scale(self.autoscaling, order["resource_id"], order["desired"], order.get("cause"))

    def set_plan(self, plan):
        unknown = set(plan) - set(self.rollout.DEFAULT_PLAN)
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)}")
        if not plan.get("step_s", 1) > 0 or plan.get("batch", 1) < 1:
            raise ValueError("step_s must be above 0 and batch at least 1")
        self.rollout.PLAN.update(plan)

    def snapshot(self):
        with self.rollout.LOCK:
            state = copy.deepcopy([vars(backend) for backend in self.backends])
            self.saved = state, self.scaling.snapshot()

    def restore(self):
        if self.saved is None:
            raise ValueError("nothing to restore: no snapshot was taken")
        with self.rollout.LOCK:
            states, activities = copy.deepcopy(self.saved)
            for backend, state in zip(self.backends, states):
                backend.__dict__.clear()
                backend.__dict__.update(state)
            self.scaling.restore(activities)
            self.rollout.PLAN.update(self.rollout.DEFAULT_PLAN)


class Plus:
    def __init__(self, moto, cloudwatch=None, models=None):
        self.moto, self.cloudwatch, self.models = moto, cloudwatch, models
        self.faults, self.log = faults.Faults(), RequestLog()

    def __call__(self, env, start):
        path = env.get("PATH_INFO", "")
        if path.startswith("/_"):
            return self.control(path, env, start)
        if path.startswith("/moto-api"):
            return self.moto(env, start)
        try:
            call = wire.identify(env)
        except wire.BodyTooLarge as error:
            return wire.send_json(start, {"error": f"body of {error} bytes is too large"}, "413 Too Large")
        return self.aws(call, env, start)

    def aws(self, call, env, start):
        entry = self.log.add(call, env)
        rule = self.faults.pick(call)
        recorded = self.recording(entry, start)
        if rule:
            entry["fault"] = rule["kind"]
            reply = faults.before(rule, call, env, recorded)
            if reply is not None:
                return reply
        app = self.cloudwatch if self.cloudwatch and wire.is_cloudwatch(call, env) else self.moto
        if call.service == "dynamodb":
            app = self.one_at_a_time
        if not rule or rule["kind"] not in faults.AFTER:
            return app(env, recorded)
        seen = {}
        body = b"".join(app(env, lambda status, headers, exc=None: seen.update(status=status, headers=headers)))
        return faults.after(rule, call, env, recorded, seen["status"], seen["headers"], body)

    def one_at_a_time(self, env, start):
        with DYNAMODB:
            return list(self.moto(env, start))

    @staticmethod
    def recording(entry, start):
        def inner(status, headers, exc=None):
            entry["status"] = int(status[:3])
            return start(status, headers, exc)

        return inner

    # ---- controls

    def control(self, path, env, start):
        route = f"{env['REQUEST_METHOD']} {path}"
        actions = {
            "GET /_faults": lambda _: self.faults.list(),
            "POST /_faults": lambda body: self.faults.set(body) or self.faults.list(),
            "DELETE /_faults": lambda _: self.faults.set([]) or [],
            "GET /_requests": lambda _: list(self.log.entries),
            "DELETE /_requests": lambda _: self.log.entries.clear() or [],
        }
        if self.models:
            actions.update(self.model_actions())
        if route not in actions:
            return wire.send_json(start, {"error": f"no {route}", "known": sorted(actions)}, "404 Not Found")
        try:
            return wire.send_json(start, actions[route](json.loads(wire.read_body(env) or b"null")))
        except (ValueError, KeyError, TypeError, AttributeError, re.error, wire.BodyTooLarge) as error:
            return wire.send_json(start, {"error": f"{type(error).__name__}: {error}"}, "400 Bad Request")

    def model_actions(self):
        models = self.models
        return {
            "GET /_rollout": lambda _: models.rollout.PLAN,
            "POST /_rollout": lambda body: models.set_plan(body) or models.rollout.PLAN,
            "GET /_services": lambda _: models.services(),
            "POST /_autoscale": models.autoscale,
            "POST /_snapshot": lambda _: models.snapshot() or {"saved": True},
            "POST /_restore": lambda _: self.restore(),
        }

    def restore(self):
        self.models.restore()
        self.faults.set([])
        self.log.entries.clear()
        return {"restored": True}


class QuietHandler(MotoRequestHandler):
    def log_request(self, *args, **kwargs):
        pass


def main():
    parser = argparse.ArgumentParser(description="The lab's AWS emulator.")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--rollout", action="store_true", help="our models of ECS and Application Auto Scaling")
    parser.add_argument("--cloudwatch", metavar="URL", help="where CloudWatch calls go")
    args = parser.parse_args()
    os.environ["MOTO_PORT"] = str(args.port)
    models = Models() if args.rollout else None
    moto = DomainDispatcherApplication(create_backend_app)
    moto.debug = True
    upstream = CloudWatchUpstream(args.cloudwatch) if args.cloudwatch else None
    threading.stack_size(512 * 1024)
    run_simple(args.host, args.port, Plus(moto, upstream, models), threaded=True, request_handler=QuietHandler)


if __name__ == "__main__":
    main()
