#!/usr/bin/env python3
"""Seeds the AWS emulator as the example fleet rtech and takes the snapshot that `reset` goes back to.

Every file in seeds/ has a function `seed(client)` that adds what one source reads: `client("rds")` is a boto3 client of the
emulator that answers for that service.

usage: seed.py [--again] MOTO_URL MINISTACK_URL     --again seeds only ministack, which forgets everything with each reset
"""

import importlib.util
import json
import pathlib
import sys
import unittest.mock
import urllib.request

import boto3
from botocore.config import Config

CLUSTER = "rtech-prod"
IMAGES = ("rtech-app:3f1c2a9", "rtech-app:8d04e77", "rtech-app:b61f5c2")
SERVICES = {"rtech-app": 2, "rtech-app-blue": 2, "rtech-app-green": 1}
RESOURCE = f"service/{CLUSTER}/rtech-app"
DIMENSION = "ecs:service:DesiredCount"
# Services that ministack answers for, and not moto.
ON_MINISTACK = {"cloudwatch", "logs", "backup", "cloudfront"}
# Addresses outside moto's network, so that it asks no instance for their health: all are healthy.
TARGETS = {
    "rtech-blue": [{"Id": "10.0.1.10", "Port": 3000}, {"Id": "10.0.1.11", "Port": 3000}],
    "rtech-green": [{"Id": "10.0.2.10", "Port": 3000}],
}
POLICIES = {
    "rtech-cpu-70": ("ECSServiceAverageCPUUtilization", 70.0),
    "rtech-memory-80": ("ECSServiceAverageMemoryUtilization", 80.0),
}


def client(name, url):
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    return boto3.client(
        name, region_name="us-east-1", endpoint_url=url, aws_access_key_id="lab", aws_secret_access_key="lab", config=config
    )


def post(url, value):
    request = urllib.request.Request(url, json.dumps(value).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def make_needs(url):
    """What tasks of rtech-app need besides images; their log group is in seeds/logs.py."""
    iam = client("iam", url)
    trust = {"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Effect": "Allow"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    roles = [
        iam.create_role(RoleName=name, Path="/ecs/", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
        for name in ("rtech-app-task", "rtech-app-execution")
    ]
    secret = client("secretsmanager", url).create_secret(Name="rtech/database", SecretString="{}")["ARN"]
    client("ssm", url).put_parameter(Name="/rtech/flags", Value="off", Type="SecureString")
    secrets = [{"name": "DATABASE_URL", "valueFrom": f"{secret}:url::"}, {"name": "FLAGS", "valueFrom": "/rtech/flags"}]
    return roles, secrets


def register_revisions(ecs, roles, secrets):
    arns = []
    log = {"awslogs-group": "/ecs/rtech-app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}
    for image in IMAGES:
        definition = ecs.register_task_definition(
            family="rtech-app",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            taskRoleArn=roles[0],
            executionRoleArn=roles[1],
            containerDefinitions=[
                {
                    "name": "rtech-app",
                    "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{image}",
                    "cpu": 256,
                    "memory": 512,
                    "essential": True,
                    "portMappings": [{"containerPort": 3000, "protocol": "tcp"}],
                    "secrets": secrets,
                    "logConfiguration": {"logDriver": "awslogs", "options": log},
                }
            ],
        )
        arns.append(definition["taskDefinition"]["taskDefinitionArn"])
    return arns


def create_services(ecs, newest, groups):
    for name, count in SERVICES.items():
        balancers = [{"targetGroupArn": groups[name], "containerName": "rtech-app", "containerPort": 3000}] if name in groups else []
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=newest,
            desiredCount=count,
            launchType="FARGATE",
            loadBalancers=balancers,
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
            },
        )


def create_balancer(url):
    """rtech-alb with the weighted target groups blue 90 and green 10, which have as many targets as their services tasks."""
    ec2, elb = client("ec2", url), client("elbv2", url)
    subnets = ec2.describe_subnets()["Subnets"][:2]
    vpc = subnets[0]["VpcId"]
    balancer = elb.create_load_balancer(Name="rtech-alb", Subnets=[s["SubnetId"] for s in subnets])["LoadBalancers"][0]
    groups = {}
    for name in ("rtech-blue", "rtech-green"):
        made = elb.create_target_group(Name=name, Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip", HealthCheckPath="/health")
        groups[name] = made["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=groups[name], Targets=TARGETS[name])
    weights = [{"TargetGroupArn": groups["rtech-blue"], "Weight": 90}, {"TargetGroupArn": groups["rtech-green"], "Weight": 10}]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}
    elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[forward])
    return {"rtech-app-blue": groups["rtech-blue"], "rtech-app-green": groups["rtech-green"]}


def register_scaling(scaling):
    key = {"ServiceNamespace": "ecs", "ResourceId": RESOURCE, "ScalableDimension": DIMENSION}
    scaling.register_scalable_target(**key, MinCapacity=2, MaxCapacity=10)
    for name, (metric, target) in POLICIES.items():
        scaling.put_scaling_policy(
            **key,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
                "ScaleOutCooldown": 60,
                "ScaleInCooldown": 300,
            },
        )


def schedule_scaling(scaling):
    """More tasks on weekday mornings; moto never runs it."""
    scaling.put_scheduled_action(
        ServiceNamespace="ecs",
        ResourceId=RESOURCE,
        ScalableDimension=DIMENSION,
        ScheduledActionName="rtech-weekday-morning",
        Schedule="cron(30 6 ? * MON-FRI *)",
        Timezone="Europe/Berlin",
        ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 12},
    )


def wait_until_steady(url):
    """The services start at once instead of over seconds."""
    post(f"{url}/_rollout", {"step_s": 0.001, "batch": 100})
    names = list(SERVICES)
    ecs = client("ecs", url)
    for _ in range(200):
        services = ecs.describe_services(cluster=CLUSTER, services=names)["services"]
        if all(s["runningCount"] == s["desiredCount"] and s["deployments"][0]["rolloutState"] == "COMPLETED" for s in services):
            post(f"{url}/_rollout", {"step_s": 1.0, "batch": 1})
            return
    raise SystemExit("the seeded services did not become steady")


def seed_the_rest(moto, ministack, again=False):
    """What each file in seeds/ adds, in the order of their names. Again, what moto would be told goes nowhere."""

    def of(name):
        if name in ON_MINISTACK:
            return client(name, ministack)
        return unittest.mock.MagicMock() if again else client(name, moto)

    for file in sorted((pathlib.Path(__file__).parent / "seeds").glob("*.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.seed(of)


def main(url, ministack):
    ecs = client("ecs", url)
    ecs.create_cluster(clusterName=CLUSTER)
    revisions = register_revisions(ecs, *make_needs(url))
    create_services(ecs, revisions[-1], create_balancer(url))
    wait_until_steady(url)
    register_scaling(client("application-autoscaling", url))
    schedule_scaling(client("application-autoscaling", url))
    seed_the_rest(url, ministack)
    post(f"{url}/_snapshot", {})
    urllib.request.urlopen(urllib.request.Request(f"{url}/_requests", method="DELETE"), timeout=5).close()


if __name__ == "__main__":
    if sys.argv[1] == "--again":
        seed_the_rest(*sys.argv[2:4], again=True)
    else:
        main(*sys.argv[1:3])
