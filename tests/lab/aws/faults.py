"""Faults on purpose, by rules that name a service and an operation.

A rule: {"service": regex, "op": regex, "kind": KIND, "n": how often, "p": probability, "ms": …, "code": …,
"status": …, "message": …, "skip": how many such calls go through first, "since": regex of operations, "for_ms": …};
all but `kind` may be left out. The regexes must match whole names. A rule with `since` sleeps until such an operation came;
one with `for_ms` is over so long after its first hit: a storm that begins with a call and passes.

  throttle    ThrottlingException, HTTP 400, typed for the caller's protocol
  error       `code` (InternalFailure) with HTTP `status` (500), typed
  delay       wait `ms`, then answer as usual
  hang        wait `ms` (60000), then fail; nothing is applied
  html500     a proxy's HTML page, HTTP 502
  close       close the connection before anything is applied
  error_after apply the call, then answer as `error` does
  drop_after  apply the call, then close the connection without an answer
  hang_after  apply the call, wait `ms` (60000), then close the connection without an answer
  truncate    apply the call, then send half of the answer and close the connection
"""

import contextlib
import random
import re
import socket
import threading
import time

from wire import error_reply

AFTER = {"drop_after", "error_after", "hang_after", "truncate"}
KINDS = {"throttle", "error", "delay", "hang", "html500", "close"} | AFTER
FIELDS = {"service", "op", "kind", "n", "p", "ms", "code", "status", "message", "skip", "since", "for_ms"}
MAX_RULES = 100
MAX_WAIT_S = 300


class Faults:
    def __init__(self):
        self.rules = []
        self.lock = threading.Lock()

    def set(self, rules):
        """Replaces all rules; refuses what it does not understand."""
        if not isinstance(rules, list) or len(rules) > MAX_RULES:
            raise ValueError(f"expected a list of at most {MAX_RULES} rules")
        for rule in rules:
            if rule.get("kind") not in KINDS:
                raise ValueError(f"kind must be one of {sorted(KINDS)}")
            if set(rule) - FIELDS:
                raise ValueError(f"unknown fields {sorted(set(rule) - FIELDS)}; known are {sorted(FIELDS)}")
            for field in ("service", "op", "since"):
                re.compile(rule.get(field, ""))
        with self.lock:
            self.rules = [dict(rule, hits=0, passed=0, awake="since" not in rule, began=None) for rule in rules]

    def list(self):
        with self.lock:
            return [dict(rule) for rule in self.rules]

    def pick(self, call):
        with self.lock:
            hit = next((rule for rule in self.rules if self._hits(rule, call)), None)
            for rule in self.rules:
                rule["awake"] = rule["awake"] or bool(re.fullmatch(rule["since"], call.op))
            return hit and dict(hit)

    @staticmethod
    def _hits(rule, call):
        named = re.fullmatch(rule.get("service", ".*"), call.service) and re.fullmatch(rule.get("op", ".*"), call.op)
        if not named or not rule["awake"] or rule["hits"] >= rule.get("n", float("inf")):
            return False
        if rule["passed"] < rule.get("skip", 0):
            rule["passed"] += 1
            return False
        if random.random() >= rule.get("p", 1):
            return False
        rule["began"] = rule["began"] or time.monotonic()
        if time.monotonic() - rule["began"] > rule.get("for_ms", float("inf")) / 1000:
            return False
        rule["hits"] += 1
        return True


def before(rule, call, env, start):
    """The reply that replaces the call, or None when the call is to go on."""
    kind = rule["kind"]
    if kind in AFTER:
        return None
    if kind == "delay":
        wait(rule, 500)
        return None
    if kind == "close":
        return cut(env, start)
    if kind == "html500":
        start("502 Bad Gateway", [("Content-Type", "text/html")])
        return [b"<html><body><h1>502 Bad Gateway</h1></body></html>"]
    if kind == "hang":
        wait(rule, 60_000)
    return typed_error(rule, call, start)


def after(rule, call, env, start, status, headers, body):
    """The call has been applied: lose its answer, or half of it, or say that it failed."""
    if rule["kind"] == "error_after":
        return typed_error(rule, call, start)
    if rule["kind"] != "truncate":
        wait(rule, 60_000 if rule["kind"] == "hang_after" else 0)
        return cut(env, start)
    start(status, headers)

    def half():
        yield body[: len(body) // 2]
        close(env)

    return half()


def wait(rule, default_ms):
    time.sleep(min(rule.get("ms", default_ms) / 1000, MAX_WAIT_S))


def cut(env, start):
    close(env)
    start("200 OK", [])
    return [b""]


def close(env):
    with contextlib.suppress(OSError):  # the caller may have left already
        env["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def typed_error(rule, call, start):
    throttle = rule["kind"] == "throttle"
    default = "ThrottlingException" if call.protocol != "query" else "Throttling"
    code = rule.get("code") or (default if throttle else "InternalFailure")
    status = rule.get("status") or (400 if throttle else 500)
    message = rule.get("message") or ("Rate exceeded" if throttle else "injected fault")
    content_type, body, extra = error_reply(call, code, message)
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    headers += [("x-amzn-RequestId", "fault"), ("x-amzn-ErrorType", code)]
    start(f"{status} Injected", headers + extra)
    return [body]
