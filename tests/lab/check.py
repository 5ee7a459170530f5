"""What the lab promises, asked of a running lab. Run it with tests/lab/check; arguments choose checks by name."""

import datetime
import http.client
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import boto3
import cbor2
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

E = os.environ
APP, CONTROL, MOTO = E["QD_APP_URL"], E["QD_APP_CONTROL_URL"], E["QD_MOTO_URL"]
CLUSTER, SERVICE = "rtech-prod", "rtech-app"
KEY = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/{SERVICE}"}
DIMENSION = {"ScalableDimension": "ecs:service:DesiredCount"}
CONFIG = Config(retries={"total_max_attempts": 1}, read_timeout=5)
ecs = boto3.client("ecs", config=CONFIG)
scaling = boto3.client("application-autoscaling", config=CONFIG)
cloudwatch = boto3.client("cloudwatch", config=CONFIG)


def ask(method, url, body=None, headers=None, timeout=5):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            text, status = reply.read(), reply.status
    except urllib.error.HTTPError as error:
        text, status = error.read(), error.code
    return status, json.loads(text) if text[:1] in b"{[" and text else text


def post(url, body):
    status, answer = ask("POST", url, body)
    assert status == 200, (url, status, answer)
    return answer


def until(what, condition, seconds):
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        value = condition()
        if value:
            return value, time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"no {what} after {seconds} s")


def service():
    return ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]


def steady():
    s = service()
    return len(s["deployments"]) == 1 and s["runningCount"] == s["desiredCount"] and s["deployments"][0]["rolloutState"] == "COMPLETED" and s


def query(expression, base=None):
    url = f"{base or E['QD_PROMETHEUS_URL']}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    status, answer = ask("GET", url)
    assert status == 200, answer
    return [(r["metric"], float(r["value"][1])) for r in answer["data"]["result"]]


def active_alerts():
    _, alerts = ask("GET", f"{E['QD_ALERTMANAGER_URL']}/api/v2/alerts")
    return {a["labels"]["alertname"] for a in alerts if a["status"]["state"] == "active"}


def reset():
    subprocess.run([Path(__file__).parent / "reset"], check=True, stdout=subprocess.DEVNULL)


def check_seed():
    assert boto3.client("sts", config=CONFIG).get_caller_identity()["Account"] == "123456789012"
    s = steady()
    assert s["desiredCount"] == 2 and s["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert s["taskDefinition"].endswith("rtech-app:3")
    definition = ecs.describe_task_definition(taskDefinition="rtech-app:3")["taskDefinition"]
    assert (definition["cpu"], definition["memory"]) == ("256", "512")
    newest = ecs.list_task_definitions(familyPrefix="rtech-app", sort="DESC")["taskDefinitionArns"][0]
    assert newest.endswith("rtech-app:3"), newest
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10)
    assert target["SuspendedState"]["DynamicScalingOutSuspended"] is False
    assert len(scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]) == 2
    counts = ecs.describe_clusters(clusters=[CLUSTER])["clusters"][0]
    assert (counts["runningTasksCount"], counts["activeServicesCount"]) == (5, 3), counts
    assert active_alerts() == set(), active_alerts()


def check_scale_and_log():
    ask("DELETE", f"{MOTO}/_requests")
    ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=4)
    mid = service()
    assert (mid["desiredCount"], mid["runningCount"], mid["pendingCount"]) == (4, 2, 2), mid
    s, seconds = until("steady 4", lambda: (s := steady()) and s["runningCount"] == 4 and s, 6)
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns + ["deadbeef"])
    assert len(arns) == len(tasks["tasks"]) == 4 and tasks["failures"][0]["reason"] == "MISSING"
    for t in tasks["tasks"]:
        assert (t["lastStatus"], t["healthStatus"]) == ("RUNNING", "HEALTHY") and t["startedAt"] and t["containers"][0]["image"]
        assert t["taskDefinitionArn"] == s["taskDefinition"], t
    assert "steady state" in s["events"][0]["message"]
    _, log = ask("GET", f"{MOTO}/_requests")
    updates = [r for r in log if r["op"] == "UpdateService"]
    assert len(updates) == 1 and updates[0]["service"] == "ecs" and updates[0]["parameters"]["desiredCount"] == 4, updates
    return f"2 to 4 in {seconds:.1f} s"


def check_deploy_and_rollback():
    post(f"{MOTO}/_rollout", {"step_s": 0.2})
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="rtech-app:2")
    assert [d["status"] for d in service()["deployments"]] == ["PRIMARY", "ACTIVE"]
    until("steady rtech-app:2", lambda: (s := steady()) and s["taskDefinition"].endswith(":2"), 5)
    post(f"{MOTO}/_rollout", {"fail_td": "rtech-app:3"})
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="rtech-app:3")
    until("failed deployment", lambda: any(d["rolloutState"] == "FAILED" for d in service()["deployments"]), 5)
    s, _ = until("steady again", steady, 5)
    assert s["taskDefinition"].endswith(":2") and s["runningCount"] == 2
    stopped = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE, desiredStatus="STOPPED")["taskArns"]
    reasons = {t["stoppedReason"] for t in ecs.describe_tasks(cluster=CLUSTER, tasks=stopped)["tasks"]}
    assert "Essential container in task exited" in reasons, reasons
    running = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    ecs.stop_task(cluster=CLUSTER, task=running[0], reason="drill")
    assert service()["runningCount"] == 1
    until("replaced task", steady, 5)
    arn = service()["deployments"][0]["id"]
    ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    until("forced deployment", lambda: (s := steady()) and s["deployments"][0]["id"] != arn, 5)


def check_scaling_activities():
    assert scaling.describe_scaling_activities(**KEY)["ScalingActivities"] == []
    order = {"resource_id": KEY["ResourceId"], "desired": 3}
    assert post(f"{MOTO}/_autoscale", order) == {"changed": True, "desired": 3}
    until("steady 3", steady, 5)
    scaling.register_scalable_target(**KEY, **DIMENSION, MinCapacity=4)
    activities = scaling.describe_scaling_activities(**KEY)["ScalingActivities"]
    assert [a["Description"] for a in activities] == ["Setting desired count to 4.", "Setting desired count to 3."]
    assert activities[0]["StatusCode"] == "InProgress" and activities[0]["Cause"] == "minimum capacity was set to 4"
    until("fulfilled", lambda: scaling.describe_scaling_activities(**KEY)["ScalingActivities"][0]["StatusCode"] == "Successful", 5)
    suspended = {"DynamicScalingOutSuspended": True, "DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True}
    scaling.register_scalable_target(**KEY, **DIMENSION, SuspendedState=suspended)
    assert not post(f"{MOTO}/_autoscale", dict(order, desired=6))["changed"]
    try:
        scaling.register_scalable_target(**KEY, **DIMENSION, MinCapacity=20)
        raise AssertionError("a minimum above the maximum was accepted")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"


def fails(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    except BotoCoreError as error:
        return type(error).__name__
    return None


def check_faults():
    post(f"{MOTO}/_faults", [{"service": "ecs", "op": "UpdateService", "kind": "drop_after", "n": 1}])
    ask("DELETE", f"{MOTO}/_requests")
    assert fails(lambda: ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)) == "ConnectionClosedError"
    assert service()["desiredCount"] == 3, "drop_after applies the call"
    _, log = ask("GET", f"{MOTO}/_requests")
    assert [r["fault"] for r in log] == ["drop_after", None]
    post(f"{MOTO}/_faults", [{"service": "ecs", "op": "Update.*", "kind": "close"}])
    assert fails(lambda: ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=5)) == "ConnectionClosedError"
    assert service()["desiredCount"] == 3, "close does not"
    throttle = {"kind": "throttle"}
    post(f"{MOTO}/_faults", [throttle])
    codes = [fails(service), fails(cloudwatch.describe_alarms), fails(boto3.client("sts", config=CONFIG).get_caller_identity)]
    assert codes == ["ThrottlingException", "ThrottlingException", "Throttling"], codes
    post(f"{MOTO}/_faults", [{"op": "DescribeServices", "kind": "truncate"}])
    assert fails(service)
    post(f"{MOTO}/_faults", [{"op": "DescribeServices", "kind": "html500"}])
    assert fails(service)
    post(f"{MOTO}/_faults", [{"op": "DescribeServices", "kind": "hang", "ms": 8000}])
    assert fails(service) == "ReadTimeoutError"
    post(f"{MOTO}/_faults", [{"op": "UpdateService", "kind": "hang_after", "ms": 8000}])
    assert fails(lambda: ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=4)) == "ReadTimeoutError"
    assert service()["desiredCount"] == 4, "hang_after applies the call"
    post(f"{MOTO}/_faults", [{"op": "UpdateService", "kind": "error_after"}, {**throttle, "since": "Upd.*", "skip": 1, "n": 2}])
    assert service(), "asleep until a call of that name came"
    assert fails(lambda: ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=5)) == "InternalFailure"
    assert service()["desiredCount"] == 5, "error_after applies the call, and one goes through"
    assert [fails(service), fails(service), fails(service)] == ["ThrottlingException"] * 2 + [None]
    post(f"{MOTO}/_faults", [{**throttle, "for_ms": 300}])
    assert fails(service) == "ThrottlingException"
    until("the storm passes", lambda: not fails(service), 5)
    for wrong in ({"kind": "nonsense"}, {"kind": "close", "op": "("}, {"kind": "close", "ops": "x"}):
        assert ask("POST", f"{MOTO}/_faults", [wrong])[0] == 400, wrong
    ask("DELETE", f"{MOTO}/_faults")
    assert service()


def rpc(op, parameters):
    """The way of aws-sdk-cloudwatch for Rust: smithy-rpc-v2-cbor."""
    host = urllib.parse.urlsplit(E["AWS_ENDPOINT_URL_CLOUDWATCH"]).netloc
    connection = http.client.HTTPConnection(host, timeout=5)
    headers = {
        "smithy-protocol": "rpc-v2-cbor",
        "Content-Type": "application/cbor",
        "Accept": "application/cbor",
        "Authorization": "AWS4-HMAC-SHA256 Credential=lab/20300101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0",
    }
    connection.request("POST", f"/service/GraniteServiceVersion20100801/operation/{op}", cbor2.dumps(parameters), headers)
    reply = connection.getresponse()
    assert reply.getheader("smithy-protocol") == "rpc-v2-cbor", reply.getheaders()
    return reply.status, cbor2.loads(reply.read())


def check_cloudwatch():
    alarms = {a["AlarmName"]: a["StateValue"] for a in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert alarms == {"rtech-high-error-rate": "OK", "rtech-high-cpu": "OK", "rtech-high-memory": "OK"}, alarms
    now = datetime.datetime.now(datetime.timezone.utc)
    dims = [{"Name": "LoadBalancer", "Value": "app/rtech-alb/0123456789abcdef"}]
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "TargetResponseTime", "Dimensions": dims}
    ask_for = {"Id": "p95", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "p95"}}
    window = {"StartTime": cbor2.CBORTag(1, now.timestamp() - 3600), "EndTime": cbor2.CBORTag(1, now.timestamp())}
    status, answer = rpc("GetMetricData", {"MetricDataQueries": [ask_for], **window})
    result = answer["MetricDataResults"][0]
    assert status == 200 and len(result["Values"]) >= 11 and all(0.05 < v < 0.3 for v in result["Values"]), result
    assert isinstance(result["Timestamps"][0], datetime.datetime)
    post(f"{MOTO}/_faults", [{"service": "monitoring", "kind": "throttle", "n": 1}])
    status, answer = rpc("DescribeAlarms", {})
    assert status == 400 and answer["__type"] == "ThrottlingException"
    heavy = {"namespace": "RtechApp", "metric": "ErrorRate", "value": 9, "weight": 5000}
    post(f"{CONTROL}/_cloudwatch", heavy)
    state = cloudwatch.describe_alarms(AlarmNames=["rtech-high-error-rate"])["MetricAlarms"][0]["StateValue"]
    assert state == "ALARM", state
    reset()
    state = cloudwatch.describe_alarms(AlarmNames=["rtech-high-error-rate"])["MetricAlarms"][0]["StateValue"]
    assert state == "OK", state


def check_health():
    status, document = ask("GET", f"{APP}/health")
    assert status == 200 and document["services"]["database"]["value"]["healthy"] is True
    status, document = ask("GET", f"{APP}/api/health")
    assert status == 200 and document["checks"]["external"]["services"]["pusher"] == "healthy"
    post(f"{CONTROL}/_health", {"path": "/health", "state": "unhealthy", "parts": {"redis": "rejected"}})
    status, document = ask("GET", f"{APP}/health")
    assert status == 503 and document["services"]["redis"]["status"] == "rejected"
    post(f"{CONTROL}/_health", {"path": "/api/health", "state": "degraded", "parts": {"cache": "degraded"}})
    status, document = ask("GET", f"{APP}/api/health")
    assert status == 200 and document["status"] == "degraded"
    post(f"{CONTROL}/_health", {"path": "/ping", "state": "hang"})
    try:
        ask("GET", f"{APP}/ping", timeout=1)
        raise AssertionError("/ping answered")
    except (TimeoutError, urllib.error.URLError):
        pass
    assert ask("POST", f"{APP}/_health", {})[0] == 404, "controls are not reachable from outside"
    reset()
    assert ask("GET", f"{APP}/ping")[0] == 200


def check_proxy():
    control, url = f"{E['QD_PROMETHEUS_PROXY_CONTROL_URL']}/_mode", f"{E['QD_PROMETHEUS_URL']}/api/v1/query?query=up"
    expected = {"http500": 500, "http429": 429, "html": 200}
    for mode, status in expected.items():
        post(control, {"mode": mode})
        assert ask("GET", url)[0] == status, mode
    for mode in ("refuse", "garbage", "truncate", "hang"):
        post(control, {"mode": mode})
        try:
            ask("GET", url, timeout=0.5)
            raise AssertionError(f"{mode} answered")
        except (OSError, http.client.HTTPException):
            pass
    post(control, {"mode": "pass"})
    assert len(query("up")) == 7
    bearer = {"Authorization": f"Bearer {E['QD_PROMETHEUS_TOKEN']}"}
    assert ask("GET", f"{E['QD_PROMETHEUS_AUTH_URL']}/api/v1/query?query=up")[0] == 401
    assert ask("GET", f"{E['QD_PROMETHEUS_AUTH_URL']}/api/v1/query?query=up", headers=bearer)[0] == 200


def p95():
    return query('service:http_request_duration_seconds:p95_10s{service="rtech-app"}')[0][1]


def check_load_and_alert():
    before = p95()
    post(f"{CONTROL}/_load", {"service": "rtech-app", "rps": 95})
    _, fired = until("RtechAppHighLatency", lambda: "RtechAppHighLatency" in active_alerts(), 40)
    worst, cpu = p95(), query('service_cpu_utilization_ratio{service="rtech-app"}')[0][1]
    ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=4)
    _, cleared = until("RtechAppHighLatency gone", lambda: "RtechAppHighLatency" not in active_alerts(), 60)
    after = p95()
    assert before < 0.2 < worst and after < 0.2, (before, worst, after)
    return f"p95 {before:.3f} -> {worst:.3f} (CPU {cpu:.2f}), fired after {fired:.0f} s; 4 tasks: {after:.3f}, cleared after {cleared:.0f} s"


def check_errors_and_target():
    post(f"{CONTROL}/_load", {"service": "rtech-app", "error_ratio": 0.3})
    post(f"{CONTROL}/_scrape", {"service": "rtech-redis", "up": False})
    _, seconds = until("both alerts", lambda: {"RtechAppHighErrorRate", "TargetDown"} <= active_alerts(), 40)
    reset()
    _, cleared = until("no alerts", lambda: not active_alerts(), 60)
    post(f"{CONTROL}/_revisions", {"rtech-app:3": {"error_ratio": 0.5}})
    ratio = 'service:http_error_ratio:rate10s{service="rtech-app"}'
    until("errors of a bad revision", lambda: query(ratio)[0][1] > 0.2, 20)
    reset()
    until("quiet", lambda: query(ratio)[0][1] < 0.02, 30)
    return f"fired after {seconds:.0f} s, cleared after {cleared:.0f} s"


def check_reset():
    ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=7)
    began = time.monotonic()
    reset()
    seconds = time.monotonic() - began
    s = steady()
    assert s and s["desiredCount"] == 2 and len(ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]) == 2
    return f"{seconds:.2f} s"


def main():
    reset()
    until("no alerts", lambda: not active_alerts(), 60)
    chosen = sys.argv[1:]
    failed = 0
    for name, function in list(globals().items()):
        if not name.startswith("check_") or (chosen and name.removeprefix("check_") not in chosen):
            continue
        began = time.monotonic()
        try:
            note = function() or ""
            print(f"ok    {name.removeprefix('check_'):20} {time.monotonic() - began:5.1f} s  {note}", flush=True)
        except (AssertionError, OSError, ClientError, BotoCoreError, KeyError, IndexError) as error:
            failed += 1
            print(f"FAIL  {name.removeprefix('check_'):20} {type(error).__name__}: {error}", flush=True)
        reset()
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
