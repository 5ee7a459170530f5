"""As little HTTP/1.1 as the demo service needs: a server and a pooled client, on asyncio, with fixed limits."""

import asyncio
import json

HOST = "127.0.0.1"
MAX_HEAD = 16 * 1024
MAX_BODY = 64 * 1024
IDLE_S = 75
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 413: "Too Large", 500: "Internal Server Error", 503: "Service Unavailable"}


class BadRequest(Exception):
    pass


def json_reply(value, status=200):
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def parse_head(head):
    first, *lines = head.decode("latin1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return first, headers


async def read_message(reader):
    first, headers = parse_head(await reader.readuntil(b"\r\n\r\n"))
    length = int(headers.get("content-length") or 0)
    if length > MAX_BODY or "chunked" in headers.get("transfer-encoding", ""):
        raise BadRequest("body is chunked or too large")
    return first, headers, await reader.readexactly(length) if length else b""


def encode(status, headers, body):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Other')}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def serve(port, handler):
    """handler(method, path, body) -> (status, headers, body); one task a connection."""

    async def connection(reader, writer):
        try:
            while True:
                first, headers, body = await asyncio.wait_for(read_message(reader), IDLE_S)
                method, target, _ = first.split(" ", 2)
                writer.write(encode(*await handler(method, target.split("?")[0], body)))
                await writer.drain()
                if headers.get("connection", "").lower() == "close":
                    return
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError, ConnectionError, ValueError, BadRequest):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(connection, HOST, port, limit=MAX_HEAD, backlog=512)


class Client:
    """Keeps connections to one port; at most `size` requests at a time."""

    def __init__(self, port, size):
        self.port, self.size = port, size
        self.idle, self.busy = [], 0

    async def get(self, path, timeout):
        """The status, or None when the request failed or would have been one too many."""
        if self.busy >= self.size:
            return None
        self.busy += 1
        try:
            return await asyncio.wait_for(self._get(path), timeout)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, BadRequest):
            return None
        finally:
            self.busy -= 1

    async def _get(self, path):
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(HOST, self.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: rtech.example.com\r\nUser-Agent: lab-load/1\r\n\r\n".encode())
            first, headers, _ = await read_message(reader)
        except BaseException:
            writer.close()
            raise
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self.idle.append((reader, writer))
        return int(first.split(" ", 2)[1])
