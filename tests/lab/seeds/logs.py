"""The log groups of rtech, with their retention, and an hour of lines of the application: one error in ten."""

import time

GROUPS = {"/ecs/rtech-app": 30, "/rds/mongodb": 14, "/elasticache/redis": 7}
STREAMS = ("rtech-app/rtech-app/0f3a51c2d4e64b7f", "rtech-app/rtech-app/9c77e0b1a2d34c5e")


def lines(now_ms, stream):
    for back in range(360, 0, -1):
        at = now_ms - back * 10_000
        if back % 10 == 0:
            yield {"timestamp": at, "message": f"ERROR payment of order {4000 + back} failed: upstream timed out"}
        else:
            yield {"timestamp": at, "message": f"INFO GET /api/products 200 {back % 90} ms"}


def seed(client):
    logs = client("logs")
    now_ms = int(time.time() * 1000)
    for name, days in GROUPS.items():
        logs.create_log_group(logGroupName=name)
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    for stream in STREAMS:
        logs.create_log_stream(logGroupName="/ecs/rtech-app", logStreamName=stream)
        logs.put_log_events(logGroupName="/ecs/rtech-app", logStreamName=stream, logEvents=list(lines(now_ms, stream)))
