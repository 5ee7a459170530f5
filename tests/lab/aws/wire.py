"""What kind of AWS call a request is, and replies in the shape that its client expects."""

import io
import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs

import cbor2

RPC_PATH = re.compile(r"^/service/[A-Za-z0-9_.]+/operation/([A-Za-z0-9_]+)$")
SIGNED_SCOPE = re.compile(r"/\d{8}/[^/]+/([^/]+)/aws4_request")
MAX_BODY = 4 << 20


class BodyTooLarge(Exception):
    pass


@dataclass
class Call:
    service: str  # the signing name: ecs, application-autoscaling, monitoring, sts, …
    op: str
    protocol: str  # cbor, json, query or rest
    body: bytes

    def parameters(self):
        """The parameters of a JSON or CBOR call, for the request log."""
        try:
            if self.protocol == "json":
                return json.loads(self.body or b"{}")
            if self.protocol == "cbor":
                return json.loads(json.dumps(cbor2.loads(self.body) if self.body else {}, default=str))
        except (ValueError, TypeError, RecursionError):
            pass
        return None


def read_body(env):
    """Reads the body once and puts it back, so that the next layer can read it again."""
    length = int(env.get("CONTENT_LENGTH") or 0)
    if length > MAX_BODY:
        raise BodyTooLarge(length)
    body = env["wsgi.input"].read(length) if length else b""
    env["wsgi.input"] = io.BytesIO(body)
    return body


def identify(env):
    body = read_body(env)
    signed = SIGNED_SCOPE.search(env.get("HTTP_AUTHORIZATION", ""))
    service = signed.group(1) if signed else ""
    rpc = RPC_PATH.match(env.get("PATH_INFO", ""))
    if rpc:
        return Call(service, rpc.group(1), "cbor", body)
    target = env.get("HTTP_X_AMZ_TARGET")
    if target:
        return Call(service, target.split(".")[-1], "json", body)
    if b"Action=" in body[:200]:
        return Call(service, parse_qs(body.decode("utf8", "replace")).get("Action", [""])[0], "query", body)
    return Call(service, f"{env['REQUEST_METHOD']} {env.get('PATH_INFO')}", "rest", body)


def is_cloudwatch(call, env):
    return call.service == "monitoring" or "GraniteServiceVersion20100801" in (
        env.get("HTTP_X_AMZ_TARGET", "") + env.get("PATH_INFO", "")
    )


def error_reply(call, code, message):
    """Content type, body and extra headers of a typed error."""
    document = {"__type": code, "message": message}
    if call.protocol == "cbor":
        return "application/cbor", cbor2.dumps(document), [("smithy-protocol", "rpc-v2-cbor")]
    if call.protocol == "json" or call.service == "backup":
        return "application/x-amz-json-1.1", json.dumps(document).encode(), []
    xml = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>fault</RequestId></ErrorResponse>"
    )
    return "text/xml", xml.encode(), []


def send_json(start, value, status="200 OK"):
    body = json.dumps(value).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
