"""The log groups of rtech, with their retention."""

GROUPS = {"/ecs/rtech-app": 30, "/rds/mongodb": 14, "/elasticache/redis": 7}


def seed(client):
    logs = client("logs")
    for name, days in GROUPS.items():
        logs.create_log_group(logGroupName=name)
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
