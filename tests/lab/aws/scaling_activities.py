"""Our model of Application Auto Scaling's own hand, on top of moto.

moto knows scalable targets and policies but never scales, and has no DescribeScalingActivities. Here an
activity is what Application Auto Scaling itself changed, as on AWS (an operator's UpdateService is none):
- `scale` (POST /_autoscale), for a test that plays the policy;
- a RegisterScalableTarget that lifts the minimum above, or lowers the maximum below, the desired count.
It also refuses a minimum above the maximum, which moto accepts.
"""

import copy
import json
import time
import uuid

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend as Backend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Responses

from ecs_rollout import LOCK, advance, locked

MAX_ACTIVITIES = 500
ACTIVITIES = []  # newest first
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


def ecs_service(backend, resource_id):
    _, cluster, name = resource_id.split("/")
    found, _ = backend.ecs_backend.describe_services(cluster, [name])
    return found[0] if found else None


def set_desired(backend, target, desired, cause):
    _, cluster, name = target.resource_id.split("/")
    backend.ecs_backend.update_service({"cluster": cluster, "service": name, "desired_count": desired})
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "ServiceNamespace": target.service_namespace,
        "ResourceId": target.resource_id,
        "ScalableDimension": target.scalable_dimension,
        "Description": f"Setting desired count to {desired}.",
        "Cause": cause,
        "StartTime": time.time(),
        "StatusCode": "InProgress",
        "StatusMessage": f"Successfully set desired count to {desired}. Waiting for change to be fulfilled by ecs.",
        "desired": desired,
    }
    ACTIVITIES.insert(0, activity)
    del ACTIVITIES[MAX_ACTIVITIES:]
    return activity


def suspended(target, direction):
    return bool((target.suspended_state or {}).get(f"DynamicScaling{direction}Suspended"))


@locked
def scale(backend, resource_id, desired, cause=None):
    """Acts as the target-tracking policy would: inside min and max, and not at all when suspended."""
    target = backend.targets.get("ecs:service:DesiredCount", {}).get(resource_id)
    if target is None:
        raise ValueError(f"no scalable target {resource_id}")
    service = ecs_service(backend, resource_id)
    wanted = max(target.min_capacity, min(target.max_capacity, int(desired)))
    if wanted == service.desired_count:
        return {"changed": False, "desired": wanted, "why": "already there, or held by min or max"}
    direction = "Out" if wanted > service.desired_count else "In"
    if suspended(target, direction):
        return {"changed": False, "desired": service.desired_count, "why": f"scaling {direction.lower()} is suspended"}
    default = f"monitor alarm TargetTracking-{resource_id}-Alarm{'High' if direction == 'Out' else 'Low'} in state ALARM triggered policy rtech-cpu-70"
    set_desired(backend, target, wanted, cause or default)
    return {"changed": True, "desired": wanted}


def refresh(backend, activity):
    """An activity is over when the service runs what was asked, or when a later change overtook it."""
    if activity["StatusCode"] != "InProgress":
        return
    service = ecs_service(backend, activity["ResourceId"])
    if service is None:
        return
    advance(service)
    desired = activity["desired"]
    if service.desired_count != desired:
        activity.update(StatusCode="Overridden", EndTime=time.time(), StatusMessage="A later change replaced this one.")
    elif service.running_count == desired:
        message = f"Successfully set desired count to {desired}. Change successfully fulfilled by ecs."
        activity.update(StatusCode="Successful", EndTime=time.time(), StatusMessage=message)


@locked
def activities(backend, namespace, resource_id=None, dimension=None):
    for activity in ACTIVITIES:
        refresh(backend, activity)
    return [
        {key: value for key, value in a.items() if key != "desired"}
        for a in ACTIVITIES
        if a["ServiceNamespace"] == namespace
        and resource_id in (None, a["ResourceId"])
        and dimension in (None, a["ScalableDimension"])
    ]


_register = Backend.register_scalable_target


@locked
def register_scalable_target(self, namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state):
    known = self.targets.get(dimension, {}).get(r_id)
    low = min_capacity if min_capacity is not None else getattr(known, "min_capacity", None)
    high = max_capacity if max_capacity is not None else getattr(known, "max_capacity", None)
    if low is None or high is None:
        raise AWSValidationException("Both MinCapacity and MaxCapacity are needed for a new scalable target")
    if low > high:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")
    if suspended_state is not None or known is None:
        suspended_state = {**NOT_SUSPENDED, **(suspended_state or {})}  # AWS always tells all three
    target = _register(self, namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state)
    service = ecs_service(self, r_id) if namespace == "ecs" else None
    if service is not None and service.desired_count < low:
        set_desired(self, target, low, f"minimum capacity was set to {low}")
    elif service is not None and service.desired_count > high:
        set_desired(self, target, high, f"maximum capacity was set to {high}")
    return target


def respond_describe_scaling_activities(self):
    found = activities(
        self.applicationautoscaling_backend,
        self._get_param("ServiceNamespace"),
        self._get_param("ResourceId"),
        self._get_param("ScalableDimension"),
    )
    start = int(self._get_param("NextToken") or 0)
    size = min(self._get_int_param("MaxResults") or 50, 50)
    answer = {"ScalingActivities": found[start : start + size]}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


def snapshot():
    with LOCK:
        return copy.deepcopy(ACTIVITIES)


def restore(saved):
    with LOCK:
        ACTIVITIES[:] = copy.deepcopy(saved)


Backend.register_scalable_target = register_scalable_target
Responses.describe_scaling_activities = respond_describe_scaling_activities
