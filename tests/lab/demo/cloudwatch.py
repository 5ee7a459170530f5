"""The same fleet as CloudWatch sees it: alarms and an hour of history at the start, then a push every ten seconds.

An alarm of the emulator judges all points of a metric's name, whatever their dimensions, and only when something
is pushed. So each alarmed metric is pushed with one set of dimensions only.
"""

import http.client
import json
import math
import time

from exposition import BUCKETS

TARGET = "GraniteServiceVersion20100801"
AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=lab/20300101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"
TIMEOUT_S = 5
HISTORY_MINUTES = 60
ECS = {"ClusterName": "rtech-prod", "ServiceName": "rtech-app"}
ALB = {"LoadBalancer": "app/rtech-alb/0123456789abcdef"}
DOCDB = {"DBClusterIdentifier": "rtech-mongodb"}
REPLICAS = [{"DBInstanceIdentifier": "rtech-mongodb-1"}, {"DBInstanceIdentifier": "rtech-mongodb-2"}]
REDIS = {"CacheClusterId": "rtech-redis"}
BILLING = {"Currency": "USD"}
MONTH_SO_FAR_USD = 412.5
CDN = {"DistributionId": "E123EXAMPLE", "Region": "Global"}
VAULT = {"BackupVaultName": "rtech-vault"}
ALARMS = (
    ("rtech-high-error-rate", "RtechApp", "ErrorRate", {}, 5, "Error rate above 5 % for ten minutes."),
    ("rtech-high-cpu", "AWS/ECS", "CPUUtilization", ECS, 80, "CPU of rtech-app above 80 %."),
    ("rtech-high-memory", "AWS/ECS", "MemoryUtilization", ECS, 90, "Memory of rtech-app above 90 %."),
)


def dimensions(pairs):
    return [{"Name": name, "Value": value} for name, value in pairs.items()]


def datum(name, dims, at, value=None, unit="None", values=None, counts=None):
    point = {"MetricName": name, "Dimensions": dimensions(dims), "Timestamp": at, "Unit": unit}
    point.update({"Values": values, "Counts": counts} if values else {"Value": value})
    return point


class CloudWatch:
    """Blocking calls; the demo service makes them in a thread."""

    def __init__(self, port):
        self.port = port

    def call(self, op, parameters):
        headers = {"X-Amz-Target": f"{TARGET}.{op}", "Content-Type": "application/x-amz-json-1.0", "Authorization": AUTHORIZATION}
        return self._post("/", json.dumps(parameters).encode(), headers)

    def _post(self, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        if reply.status >= 300:
            raise OSError(f"CloudWatch: {reply.status} {text[:200]!r}")
        return text

    def put(self, batches):
        """batches: {namespace: [datum, …]}"""
        for namespace, data in batches.items():
            for start in range(0, len(data), 1000):
                self.call("PutMetricData", {"Namespace": namespace, "MetricData": data[start : start + 1000]})

    def seed(self):
        """Forgets everything, then alarms and history."""
        self._post("/_ministack/reset", b"", {})
        self.put(history(time.time()))
        for name, namespace, metric, dims, threshold, text in ALARMS:
            self.call("PutMetricAlarm", alarm(name, namespace, metric, dims, threshold, text))


def alarm(name, namespace, metric, dims, threshold, text):
    return {
        "AlarmName": name,
        "AlarmDescription": text,
        "ActionsEnabled": True,
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": dimensions(dims),
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 2,
        "Threshold": float(threshold),
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "missing",
    }


def history(now):
    """One quiet hour, a point a minute; backups for a week, bills for two days."""
    batches = {}
    start = int(now // 60) * 60 - HISTORY_MINUTES * 60
    for minute in range(HISTORY_MINUTES):
        at = start + minute * 60
        wave = math.sin(minute / HISTORY_MINUTES * 2 * math.pi)
        sample = {
            "error_percent": 0.05 + 0.02 * abs(wave),
            "cpu": 40 + 4 * wave,
            "memory": 43 + wave,
            "requests": 2400 + 240 * wave,
            "server_errors": 1 + (minute % 3 == 0),
            "latency": ([0.03, 0.05, 0.09, 0.15], [600, 1200, 540, 60]),
            "database_cpu": 8 + wave,
            "connections": 20,
            "running": 2,
            "desired": 2,
        }
        merge(batches, points(at, sample))
    merge(batches, {"AWS/Backup": backups(now), "AWS/Billing": bills(now)})
    return batches


def backups(now):
    """A backup each night at 03:00 UTC, and one half an hour ago so that a short window has one too."""
    midnight = int(now // 86400) * 86400
    nights = [midnight - day * 86400 + 3 * 3600 for day in range(7)]
    times = [at for at in nights if at < now] + [now - 1800]
    done = [datum("NumberOfBackupJobsCompleted", VAULT, at, 1, "Count") for at in times]
    return done + [datum("NumberOfBackupJobsFailed", VAULT, at, 0, "Count") for at in times]


def bills(now):
    """The bill every six hours, two days back: a period of six hours that has ended has one too."""
    return [datum("EstimatedCharges", BILLING, now - past * 6 * 3600, MONTH_SO_FAR_USD) for past in range(1, 9)]


def points(at, s):
    values, counts = s["latency"]
    cached = 100 * 0.92
    return {
        "RtechApp": [datum("ErrorRate", {}, at, s["error_percent"], "Percent")],
        "AWS/ECS": [
            datum("CPUUtilization", ECS, at, s["cpu"], "Percent"),
            datum("MemoryUtilization", ECS, at, s["memory"], "Percent"),
        ],
        "ECS/ContainerInsights": [
            datum("RunningTaskCount", ECS, at, s["running"], "Count"),
            datum("DesiredTaskCount", ECS, at, s["desired"], "Count"),
        ],
        "AWS/ApplicationELB": [
            datum("RequestCount", ALB, at, s["requests"], "Count"),
            datum("HTTPCode_Target_5XX_Count", ALB, at, s["server_errors"], "Count"),
        ]
        + ([datum("TargetResponseTime", ALB, at, unit="Seconds", values=values, counts=counts)] if values else []),
        "AWS/DocDB": [
            datum("DatabaseConnections", DOCDB, at, s["connections"], "Count"),
            datum("CPUUtilization", DOCDB, at, s["database_cpu"], "Percent"),
        ]
        + [datum("DBInstanceReplicaLag", replica, at, 20 + s["database_cpu"], "Milliseconds") for replica in REPLICAS],
        "AWS/Billing": [datum("EstimatedCharges", BILLING, at, MONTH_SO_FAR_USD)],
        "AWS/ElastiCache": [datum("CacheHitRate", REDIS, at, cached, "Percent")],
        "AWS/CloudFront": [
            datum("CacheHitRate", CDN, at, 87.0, "Percent"),
            datum("4xxErrorRate", CDN, at, 0.4, "Percent"),
            datum("5xxErrorRate", CDN, at, s["error_percent"], "Percent"),
        ],
    }


def merge(batches, more):
    for namespace, data in more.items():
        batches.setdefault(namespace, []).extend(data)


class Push:
    """Turns what was counted since the last push into points."""

    def __init__(self, fleet, metrics):
        self.fleet, self.metrics = fleet, metrics
        self.before = self._read()

    def _read(self):
        codes = {code: n for (service, code), n in self.metrics.requests.items() if service == "rtech-app"}
        buckets = [0] * (len(BUCKETS) + 1)
        for (service, _), histogram in self.metrics.durations.items():
            if service == "rtech-app":
                buckets = [a + b for a, b in zip(buckets, histogram.counts)]
        return codes, buckets

    def batch(self):
        codes, buckets = self._read()
        old_codes, old_buckets = self.before
        self.before = codes, buckets
        fresh = {code: n - old_codes.get(code, 0) for code, n in codes.items()}
        total, errors = sum(fresh.values()), sum(n for code, n in fresh.items() if code >= 500)
        app, database = self.fleet.services["rtech-app"], self.fleet.services["rtech-mongodb"]
        sample = {
            "error_percent": 100 * errors / total if total else 0.0,
            "cpu": 100 * app.cpu,
            "memory": 100 * app.memory,
            "requests": total,
            "server_errors": errors,
            "latency": middles([new - old for new, old in zip(buckets, old_buckets)]),
            "database_cpu": 4 + 100 * database.cpu,
            "connections": self.metrics.connections(),
            "running": app.tasks,
            "desired": app.desired,
        }
        return points(time.time(), sample)


def middles(counts):
    edges = (0.0, *BUCKETS, BUCKETS[-1] * 1.5)
    pairs = [((low + high) / 2, n) for low, high, n in zip(edges, edges[1:], counts) if n]
    return [middle for middle, _ in pairs], [n for _, n in pairs]
