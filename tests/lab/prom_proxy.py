#!/usr/bin/env python3
"""A switch in front of Prometheus: the same port passes, hangs, refuses or answers nonsense.

GET  /_mode on the control port -> {"mode": …, "ms": …, "connections": since start, "open": now}
POST /_mode {"mode": MODE, "ms": 500}

  pass      hand everything on            http500   an error page of a server
  slow      wait `ms`, then hand on       http429   too many requests, Retry-After: 30
  hang      accept, read, never answer    html      HTTP 200 with a login page instead of JSON
  refuse    nobody listens                garbage   bytes that are not HTTP
  truncate  half a JSON answer, then the connection closes

A change of mode closes every open connection, so that pooled connections follow it too.

usage: prom_proxy.py LISTEN_PORT CONTROL_PORT UPSTREAM_PORT   (all on 127.0.0.1)
"""

import asyncio
import json
import sys

HOST = "127.0.0.1"
MAX_HEAD = 64 * 1024
MODES = ("pass", "slow", "hang", "refuse", "http500", "http429", "html", "garbage", "truncate")
HTML = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


def reply(status, content_type, body, extra=""):
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n"
    return head.encode() + body


CANNED = {
    "http500": reply("500 Internal Server Error", "text/plain", b"internal error\n"),
    "http429": reply("429 Too Many Requests", "text/plain", b"slow down\n", "Retry-After: 30\r\n"),
    "html": reply("200 OK", "text/html", HTML),
    "garbage": b"\x00\xff\x1b[31mNOT HTTP\x1b[0m\r\n\x07\x07" * 8,
    "truncate": reply("200 OK", "application/json", b'{"status":"success","data":{"resultType":"vector","result":[{"me' + b" " * 200)[:-200],
}


class Switch:
    def __init__(self, port, upstream):
        self.port, self.upstream = port, upstream
        self.mode, self.ms = "pass", 500
        self.connections, self.open, self.server = 0, set(), None

    def state(self):
        return {"mode": self.mode, "ms": self.ms, "connections": self.connections, "open": len(self.open)}

    async def set(self, mode, ms=None):
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        self.mode, self.ms = mode, int(ms) if ms is not None else self.ms
        for task in list(self.open):
            task.cancel()
        if mode == "refuse" and self.server:
            self.server.close()
            self.server = None
        elif mode != "refuse" and not self.server:
            await self.listen()

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, HOST, self.port)

    async def serve(self, reader, writer):
        self.connections += 1
        task = asyncio.current_task()
        self.open.add(task)
        try:
            await self.answer(reader, writer)
        except (asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.open.discard(task)
            writer.close()

    async def answer(self, reader, writer):
        if self.mode == "hang":
            while await reader.read(MAX_HEAD):
                pass
        elif self.mode in CANNED:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(CANNED[self.mode])
            await writer.drain()
        else:
            if self.mode == "slow":
                await asyncio.sleep(self.ms / 1000)
            await self.splice(reader, writer)

    async def splice(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection(HOST, self.upstream)
        pumps = [asyncio.ensure_future(pump(reader, up_writer)), asyncio.ensure_future(pump(up_reader, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in pumps:
                one.cancel()
            up_writer.close()


async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def control(switch, reader, writer):
    try:
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin1")
        length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
        body = await asyncio.wait_for(reader.readexactly(min(length, MAX_HEAD)), 10)
        status, answer = await command(switch, head.split("\r\n")[0], body)
        writer.write(reply(status, "application/json", json.dumps(answer).encode()))
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError, ValueError):
        pass
    finally:
        writer.close()


async def command(switch, request_line, body):
    method, path, _ = request_line.split(" ", 2)
    if path != "/_mode" or method not in ("GET", "POST"):
        return "404 Not Found", {"error": "GET or POST /_mode"}
    if method == "POST":
        try:
            order = json.loads(body)
            await switch.set(order["mode"], order.get("ms"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return "400 Bad Request", {"error": str(error)}
    return "200 OK", switch.state()


async def main(listen, control_port, upstream):
    switch = Switch(listen, upstream)
    await switch.listen()
    server = await asyncio.start_server(lambda r, w: control(switch, r, w), HOST, control_port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
