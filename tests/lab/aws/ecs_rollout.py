"""Our model of an ECS rollout, on top of moto's ECS.

moto changes a service at once: UpdateService leaves `deployments` as they were, `events` stay empty and a
service has no tasks. This module makes a service move over time, one step every `step_s` seconds. It is our
own reading of ECS, not evidence of what AWS does; say so wherever a test leans on it.

What is modelled:
- a new deployment starts PRIMARY with no running task and takes over `batch` tasks a step from the ACTIVE ones;
- a new desired count is reached `batch` tasks a step upwards, and at once downwards;
- tasks: ListTasks gives as many as `runningCount`, DescribeTasks shows them RUNNING and HEALTHY, StopTask
  takes one away and the service replaces it;
- a task definition that matches `fail_td` never runs: `failedTasks` grows, and with the circuit breaker on the
  deployment FAILs at three and, if it may, rolls back to the deployment that completed last;
- events, newest first.

A step is worked out from the clock whenever somebody looks, so nothing runs in the background.
Import this module before the server starts.
"""

import copy
import functools
import random
import threading
import time

from moto.core.utils import utcnow
from moto.ecs.models import EC2ContainerServiceBackend as Backend
from moto.ecs.models import Service
from moto.ecs.responses import EC2ContainerServiceResponse as Responses

LOCK = threading.RLock()
DEFAULT_PLAN = {"step_s": 1.0, "batch": 1, "fail_td": None, "hold": False}
PLAN = dict(DEFAULT_PLAN)
BREAKER_FAILURES = 3
MAX_EVENTS = 100
MAX_STOPPED = 20
MAX_STEPS_AT_ONCE = 200


class ModelTask:
    """One task of a service, with the attribute names that moto's serialiser looks for."""

    def __init__(self, service, deployment):
        self.id = f"{random.getrandbits(128):032x}"
        self.deployment_id = deployment["id"]
        prefix = service.arn.split(":service/")[0]
        self.task_arn = f"{prefix}:task/{service.cluster_name}/{self.id}"
        self.cluster_arn = service.cluster_arn
        self.task_definition_arn = deployment["taskDefinition"]
        self.group = f"service:{service.name}"
        self.started_by = deployment["id"]
        self.launch_type = service.launch_type
        self.availability_zone = service.region_name + random.choice("ab")
        self.cpu, self.memory = "256", "512"
        self.created_at = self.started_at = self.connectivity_at = utcnow()
        self.connectivity = "CONNECTED"
        self.last_status = self.desired_status = "RUNNING"
        self.health_status = "HEALTHY"
        self.version = 1
        self.tags, self.attachments, self.overrides = [], [], {}
        self.containers = [self._container(prefix, service)]

    def _container(self, prefix, service):
        definition = service._backend.describe_task_definition(self.task_definition_arn)
        first = definition.container_definitions[0]
        return {
            "containerArn": f"{prefix}:container/{service.cluster_name}/{self.id}/{random.getrandbits(64):016x}",
            "taskArn": self.task_arn,
            "name": first.get("name"),
            "image": first.get("image"),
            "lastStatus": "RUNNING",
            "healthStatus": "HEALTHY",
            "cpu": str(first.get("cpu", 0)),
            "memory": str(first.get("memory", 0)),
            "networkInterfaces": [],
            "networkBindings": [],
        }

    def stop(self, reason, exit_code):
        self.last_status = self.desired_status = "STOPPED"
        self.health_status, self.connectivity = "UNKNOWN", "DISCONNECTED"
        self.stopped_reason = reason
        self.stop_code = "EssentialContainerExited" if exit_code else "ServiceSchedulerInitiated"
        self.stopping_at = self.stopped_at = utcnow()
        self.containers[0].update(lastStatus="STOPPED", healthStatus="UNKNOWN", exitCode=exit_code)


# ---- small helpers


def locked(function):
    @functools.wraps(function)
    def inside(*args, **kwargs):
        with LOCK:
            return function(*args, **kwargs)

    return inside


def add_event(service, message):
    service.events.insert(
        0,
        {
            "id": f"{random.getrandbits(128):032x}",
            "createdAt": utcnow(),
            "message": f"(service {service.name}) {message}",
        },
    )
    del service.events[MAX_EVENTS:]


def breaker(service):
    return (getattr(service, "deployment_configuration", None) or {}).get("deploymentCircuitBreaker") or {}


def fails(deployment):
    return bool(PLAN["fail_td"]) and deployment["taskDefinition"].endswith(PLAN["fail_td"])


def full_arn(service, task_definition):
    return service._backend.describe_task_definition(task_definition).arn


def tasks_of(service):
    return service.__dict__.setdefault("model_tasks", {})


def stopped_of(service):
    return service.__dict__.setdefault("model_stopped", [])


def deployment_like(base, service, task_definition):
    new_id = f"ecs-svc/{random.randint(10**18, 10**19 - 1)}"
    return dict(
        copy.copy(base),
        id=new_id,
        status="PRIMARY",
        taskDefinition=task_definition,
        createdAt=utcnow(),
        updatedAt=utcnow(),
        desiredCount=service.desired_count,
        runningCount=0,
        pendingCount=service.desired_count,
        failedTasks=0,
        rolloutState="IN_PROGRESS",
        rolloutStateReason=f"ECS deployment {new_id} in progress.",
    )


# ---- counts and tasks follow the deployments


def stop_tasks(service, tasks, reason, exit_code=0):
    for task in tasks:
        task.stop(reason, exit_code)
    service.model_stopped = (stopped_of(service) + tasks)[-MAX_STOPPED:]


def settle(service):
    """Makes the task list and the service's counts agree with its deployments."""
    tasks = tasks_of(service)
    live = {d["id"]: d for d in service.deployments}
    for gone in [key for key in tasks if key not in live]:
        stop_tasks(service, tasks.pop(gone), f"Scaling activity initiated by (deployment {gone})")
    for key, deployment in live.items():
        mine = tasks.setdefault(key, [])
        while len(mine) < deployment["runningCount"]:
            mine.append(ModelTask(service, deployment))
        extra = len(mine) - deployment["runningCount"]
        if extra > 0:
            stop_tasks(service, mine[:extra], f"Scaling activity initiated by (deployment {key})")
            del mine[:extra]
    service.running_count = sum(d["runningCount"] for d in service.deployments)
    service.pending_count = sum(d["pendingCount"] for d in service.deployments)


# ---- one step


def fail_step(service, primary):
    """Tasks of the new deployment crash; the circuit breaker may give up on it. True when nothing is left to do."""
    primary["failedTasks"] += PLAN["batch"]
    primary["updatedAt"] = utcnow()
    crashed = [ModelTask(service, primary) for _ in range(PLAN["batch"])]
    stop_tasks(service, crashed, "Essential container in task exited", exit_code=1)
    add_event(service, f"(deployment {primary['id']}) tasks failed to start.")
    if not breaker(service).get("enable") or primary["failedTasks"] < BREAKER_FAILURES:
        return False
    reason = "ECS deployment circuit breaker: tasks failed to start."
    primary.update(rolloutState="FAILED", rolloutStateReason=reason, desiredCount=0, pendingCount=0)
    add_event(service, f"(deployment {primary['id']}) deployment failed: tasks failed to start.")
    return not (breaker(service).get("rollback") and roll_back(service, primary))


def roll_back(service, failed):
    good = next((d for d in service.deployments[1:] if d["rolloutState"] == "COMPLETED"), None)
    if good is None:
        return False
    back = deployment_like(failed, service, good["taskDefinition"])
    back["rolloutStateReason"] = f"ECS deployment circuit breaker: rolling back to deploymentId {good['id']}."
    failed["status"] = "ACTIVE"
    service.deployments = [back, failed] + [d for d in service.deployments if d is not failed]
    service.task_definition = good["taskDefinition"]
    add_event(service, f"rolling back to deployment {good['id']}.")
    return True


def move_tasks(service, primary):
    add = max(min(PLAN["batch"], service.desired_count - primary["runningCount"]), 0)
    primary["runningCount"] += add
    primary["pendingCount"] = max(service.desired_count - primary["runningCount"], 0)
    if add:
        primary["updatedAt"] = utcnow()
        add_event(service, f"has started {add} tasks.")
    drop = PLAN["batch"]
    for old in service.deployments[1:]:
        stopped = min(drop, old["runningCount"])
        old["runningCount"] -= stopped
        old["desiredCount"], old["pendingCount"] = old["runningCount"], 0
        drop -= stopped
        if stopped:
            old["updatedAt"] = utcnow()
            add_event(service, f"has stopped {stopped} running tasks.")


def finish(service, primary):
    """True when the service stands still."""
    olds = service.deployments[1:]
    if primary["runningCount"] != service.desired_count or any(d["runningCount"] for d in olds):
        service.deployments = [primary] + [d for d in olds if d["runningCount"] or d["rolloutState"] == "FAILED"]
        return False
    if primary["rolloutState"] == "IN_PROGRESS":
        primary.update(rolloutState="COMPLETED", rolloutStateReason=f"ECS deployment {primary['id']} completed.")
        add_event(service, f"(deployment {primary['id']}) deployment completed.")
    primary["pendingCount"] = 0
    service.deployments = [primary]
    add_event(service, "has reached a steady state.")
    return True


def step(service):
    primary = service.deployments[0]
    if fails(primary):
        return fail_step(service, primary)
    move_tasks(service, primary)
    return finish(service, primary)


def advance(service, now=None):
    """Takes the steps that are due."""
    since = getattr(service, "moving_since", None)
    if since is None or not service.deployments:
        return
    now = time.time() if now is None else now
    if PLAN["hold"]:
        service.moving_since = now
        return
    for _ in range(min(int((now - since) / PLAN["step_s"]), MAX_STEPS_AT_ONCE)):
        service.moving_since += PLAN["step_s"]
        if step(service):
            service.moving_since = None
            break
    settle(service)


# ---- what the API calls change


def begin_deployment(service, old_definition):
    base = service.deployments[0]
    base["status"] = "ACTIVE"
    base["taskDefinition"] = full_arn(service, old_definition)
    service.task_definition = full_arn(service, service.task_definition)
    service.deployments = [deployment_like(base, service, service.task_definition)] + service.deployments
    service.moving_since = time.time()


def rescale(service):
    """A new desired count keeps the deployment and its rolloutState: only the counts move."""
    primary = service.deployments[0]
    primary["desiredCount"] = service.desired_count
    extra = primary["runningCount"] - service.desired_count
    if extra > 0:
        primary["runningCount"] = service.desired_count
        add_event(service, f"has stopped {extra} running tasks.")
    primary["pendingCount"] = max(service.desired_count - primary["runningCount"], 0)
    primary["updatedAt"] = utcnow()
    service.moving_since = time.time()
    settle(service)


def service_states(backend):
    """The truth about every service, for whoever plays the world behind the API (GET /_services)."""
    out = []
    for service in backend.services.values():
        advance(service)
        out.append(
            {
                "cluster": service.cluster_name,
                "service": service.name,
                "desired": service.desired_count,
                "running": service.running_count,
                "pending": service.pending_count,
                "deployments": [
                    {"revision": d["taskDefinition"].split("/")[-1], "running": d["runningCount"], "state": d["rolloutState"]}
                    for d in service.deployments
                ],
            }
        )
    return out


# ---- put the model in moto's place

_create, _update, _delete = Backend.create_service, Backend.update_service, Backend.delete_service
_describe, _describe_clusters = Backend.describe_services, Backend.describe_clusters
_list_tasks, _describe_tasks, _stop_task = Backend.list_tasks, Backend.describe_tasks, Backend.stop_task
_respond_create, _respond_describe_tasks = Responses.create_service, Responses.describe_tasks
_respond_list_definitions = Responses.list_task_definitions


@locked
def create_service(self, *args, **kwargs):
    service = _create(self, *args, **kwargs)
    if service.deployments:
        service.moving_since = time.time()
    return service


@locked
def update_service(self, properties, *args, **kwargs):
    force = properties.get("force_new_deployment")
    name = properties["service"].split("/")[-1]
    before = self.services.get(f"{self._get_cluster(properties.get('cluster') or 'default').name}:{name}")
    if properties.get("task_definition"):
        self.describe_task_definition(properties["task_definition"])  # refuse an unknown one before any change
    if before is None or not before.deployments:
        return _update(self, properties, *args, **kwargs)
    advance(before)
    definition, desired = before.task_definition, before.desired_count
    deployments = before.deployments
    before.deployments = []  # keeps moto's hands off them
    try:
        service = _update(self, properties, *args, **kwargs)
    finally:
        before.deployments = deployments
        settle(before)
    if force or full_arn(service, service.task_definition) != full_arn(service, definition):
        begin_deployment(service, definition)
    else:
        service.task_definition = definition
        if service.desired_count != desired:
            rescale(service)
    settle(service)
    return service


@locked
def delete_service(self, *args, **kwargs):
    service = _delete(self, *args, **kwargs)
    for deployment in service.deployments:
        deployment.update(runningCount=0, pendingCount=0, desiredCount=0)
    service.moving_since, service.desired_count = None, 0
    settle(service)
    return service


@locked
def describe_services(self, *args, **kwargs):
    found, failures = _describe(self, *args, **kwargs)
    for service in found:
        advance(service)
    return found, failures


@locked
def describe_clusters(self, *args, **kwargs):
    """moto's own counters drift below zero; count the services instead."""
    for cluster in self.clusters.values():
        mine = [s for s in self.services.values() if s.cluster_name == cluster.name and s.status == "ACTIVE"]
        for service in mine:
            advance(service)
        cluster.running_tasks_count = sum(s.running_count for s in mine)
        cluster.pending_tasks_count = sum(s.pending_count for s in mine)
        cluster.active_services_count = len(mine)
    return _describe_clusters(self, *args, **kwargs)


def model_tasks(backend, cluster):
    for service in backend.services.values():
        if service.cluster_name == cluster.name:
            advance(service)
            running = [t for tasks in tasks_of(service).values() for t in tasks]
            yield service, running + stopped_of(service)


@locked
def list_tasks(self, cluster_str=None, container_instance=None, family=None, started_by=None, service_name=None, desiredStatus=None):
    wanted = desiredStatus or "RUNNING"
    found = []
    for service, tasks in model_tasks(self, self._get_cluster(cluster_str or "default")):
        if container_instance or (service_name and service_name.split("/")[-1] != service.name):
            continue
        for task in tasks:
            task_family = task.task_definition_arn.split("/")[-1].rsplit(":", 1)[0]
            if task.desired_status == wanted and family in (None, task_family) and started_by in (None, task.started_by):
                found.append(task)
    if service_name:
        return found
    return found + _list_tasks(self, cluster_str, container_instance, family, started_by, None, desiredStatus)


@locked
def describe_tasks(self, cluster_str, tasks):
    wanted = {task.split("/")[-1] for task in tasks}
    found = [t for _, mine in model_tasks(self, self._get_cluster(cluster_str)) for t in mine if t.id in wanted]
    left = sorted(wanted - {t.id for t in found})
    return found + (_describe_tasks(self, cluster_str, left) if left or not tasks else [])


@locked
def stop_task(self, cluster_str, task_str, reason):
    for service, tasks in model_tasks(self, self._get_cluster(cluster_str)):
        for task in tasks:
            if task.id == task_str.split("/")[-1] and task.last_status == "RUNNING":
                return stop_model_task(service, task, reason)
    return _stop_task(self, cluster_str, task_str, reason)


def stop_model_task(service, task, reason):
    deployment = next(d for d in service.deployments if d["id"] == task.deployment_id)
    tasks_of(service)[task.deployment_id].remove(task)
    deployment["runningCount"] -= 1
    deployment["pendingCount"] += 1
    stop_tasks(service, [task], reason or "Task stopped by user")
    task.stop_code = "UserInitiated"
    service.moving_since = service.moving_since or time.time()
    settle(service)
    return task


def respond_create_service(self):
    """moto drops deploymentConfiguration at CreateService."""
    answer = _respond_create(self)
    configuration = self._get_param("deploymentConfiguration")
    service = answer.result["service"]
    if configuration and isinstance(service, Service):
        service.deployment_configuration = configuration
    return answer


def respond_describe_tasks(self):
    """moto leaves unknown tasks out without a word; ECS names them under `failures`."""
    answer = _respond_describe_tasks(self)
    known = {task.task_arn.split("/")[-1] for task in answer.result["tasks"]}
    asked = self._get_param("tasks", [])
    answer.result["failures"] = [{"arn": t, "reason": "MISSING"} for t in asked if t.split("/")[-1] not in known]
    return answer


def respond_list_task_definitions(self):
    """moto ignores `sort`."""
    answer = _respond_list_definitions(self)
    if self._get_param("sort") == "DESC":
        answer.result["taskDefinitionArns"] = answer.result["taskDefinitionArns"][::-1]
    return answer


Backend.create_service, Backend.update_service, Backend.delete_service = create_service, update_service, delete_service
Backend.describe_services, Backend.describe_clusters = describe_services, describe_clusters
Backend.list_tasks, Backend.describe_tasks, Backend.stop_task = list_tasks, describe_tasks, stop_task
Responses.create_service, Responses.describe_tasks = respond_create_service, respond_describe_tasks
Responses.list_task_definitions = respond_list_task_definitions
