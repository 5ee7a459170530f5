//! One production service, as configured and as observed.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::action::scale::Scale;
use quarterdeck::action::{Action, Approved, Arming, Facts, GuardContext, Judged, Operator, Plan, judge, plan_for};
use quarterdeck::clock::Now;
use quarterdeck::config::{
    Aws, Caps, Config, Declared, DeclaredRequest, EcsService, Environment, EnvironmentKind, Guards, How, HttpRequest,
    HttpSuccess, Polling, ReadBack, Service, ServiceIndex, Ui,
};
use quarterdeck::source::json_api::Pointer;
use quarterdeck::source::{
    Deployment, Identity, Name, Observation, Rollout, Scaling, ScalingPolicy, ScalingTarget, SeenBack, SeenDeclared,
    Task, Workload,
};

pub(crate) const SERVICE: &str = "rtech-app";
pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const ARN: &str = "arn:aws:ecs:us-east-1:123456789012:service/rtech-prod/rtech-app";

/// Production, with caps that are tighter than the scaling target's 2–10 in one place: 1–9.
pub(crate) fn config() -> Config {
    let second = Duration::from_secs(1);
    Config {
        path: PathBuf::from("quarterdeck.toml"),
        environment: Environment { name: Name::from("rtech-prod"), kind: EnvironmentKind::Production },
        aws: Some(aws()),
        cloudwatch: None,
        ecs: Polling { interval: second, timeout: second },
        prometheus: None,
        alertmanager: None,
        http: Vec::new(),
        cost: None,
        simulator: None,
        services: vec![service()],
        index: ServiceIndex::default(),
        backups: Vec::new(),
        actions: Vec::new(),
        guards: Guards {
            arm_for: second * 900,
            plan_ttl: second * 300,
            evidence_max_age: second * 60,
            type_name: false,
            steady_deadline: second * 120,
            gate_window: Duration::ZERO,
            // Runs follow each other closely in tests; the guards' own table has the waits and limits of production.
            cooldowns: std::collections::BTreeMap::new(),
            actions_per_hour: 0,
            actions_per_hour_person: 0,
            ..Guards::defaults(EnvironmentKind::Production)
        },
        audit: quarterdeck::config::Audit::default(),
        runbook_dirs: Vec::new(),
        ui: Ui { theme: "dark".into(), keymap: "default".into(), range: second * 3600 },
        state_dir: None,
        shared: None,
    }
}

fn aws() -> Aws {
    Aws {
        profile: None,
        region: "us-east-1".into(),
        account: Some(ACCOUNT.into()),
        role_arn: None,
        action_role_arn: None,
        endpoint: None,
        places: std::collections::BTreeMap::new(),
    }
}

fn service() -> Service {
    Service {
        name: Name::from(SERVICE),
        summary: String::new(),
        ecs: Some(EcsService { cluster: "rtech-prod".into(), service: SERVICE.into(), place: None }),
        load_balancer: None,
        database: None,
        cdn: None,
        probes: Vec::new(),
        logs: Vec::new(),
        health: Vec::new(),
        signals: Vec::new(),
        objectives: Vec::new(),
        runbooks: Vec::new(),
        backups: Vec::new(),
        caps: Caps { max_desired: 9, min_desired: 1, max_step: 4, healthy_floor: 2, max_traffic_step: 50 },
    }
}

/// Three tasks wanted, running and healthy; steady; scaling target 2–10.
pub(crate) fn observation() -> Observation {
    Observation {
        identity: Some(Identity {
            account: ACCOUNT.into(),
            region: "us-east-1".into(),
            arn: "arn:aws:iam::123456789012:user/oncall".into(),
            expires: None,
        }),
        workload: Some(workload(3, 3)),
        scaling: Some(Scaling {
            target: Some(ScalingTarget {
                min: 2,
                max: 10,
                scale_in_suspended: false,
                scale_out_suspended: false,
                scheduled_suspended: false,
            }),
            policies: vec![ScalingPolicy {
                name: "cpu".into(),
                kind: "TargetTrackingScaling".into(),
                metric: "ECSServiceAverageCPUUtilization".into(),
                target: Some(70.0),
                scales_in: true,
            }],
            activities: Vec::new(),
            activities_missing: None,
            scheduled: Vec::new(),
            scheduled_missing: None,
        }),
        firing: Some(Vec::new()),
        paging: Some(Vec::new()),
        ..Observation::at(now().wall)
    }
}

/// A workload of healthy tasks with one completed deployment.
pub(crate) fn workload(desired: u32, running: u32) -> Workload {
    Workload {
        arn: ARN.into(),
        status: "ACTIVE".into(),
        desired,
        running,
        pending: desired.saturating_sub(running),
        task_definition: "rtech-app:7".into(),
        deployments: vec![deployment(desired, running)],
        events: Vec::new(),
        tasks: (0..running).map(task).collect(),
        cluster: None,
        traffic_owner: None,
    }
}

pub(crate) fn deployment(desired: u32, running: u32) -> Deployment {
    Deployment {
        id: "ecs-svc/1".into(),
        status: "PRIMARY".into(),
        task_definition: "rtech-app:7".into(),
        rollout: Rollout::Completed,
        reason: "".into(),
        desired,
        running,
        pending: 0,
        failed: 0,
        created: None,
        updated: None,
    }
}

fn task(index: u32) -> Task {
    Task {
        id: format!("task-{index}").into(),
        last_status: "RUNNING".into(),
        health: "HEALTHY".into(),
        task_definition: "rtech-app:7".into(),
        started: None,
    }
}

pub(crate) fn now() -> Now {
    Now::fixed(1000)
}

pub(crate) fn scale(desired: u32) -> Action {
    Action::Scale(Scale { service: Name::from(SERVICE), desired })
}

pub(crate) fn plan(desired: u32) -> Plan {
    plan_for(&scale(desired), &observation(), &config(), now().wall).expect("a plan")
}

pub(crate) fn context(config: &Config, now: Timestamp) -> GuardContext<'_> {
    GuardContext { config, now, arming: Arming::Armed, facts: Facts::quiet(operator("ada")) }
}

pub(crate) fn judged(desired: u32) -> Judged {
    judge(plan(desired), &context(&config(), now().wall))
}

pub(crate) fn operator(user: &str) -> Operator {
    Operator { user: user.into(), host: "bastion".into(), terminal: "pts/1".into(), from: None }
}

/// An approved plan that was made and confirmed at `at`.
pub(crate) fn approved_at(desired: u32, at: Now) -> Approved {
    approved_with(&config(), desired, at)
}

pub(crate) fn approved_with(config: &Config, desired: u32, at: Now) -> Approved {
    let observed = Observation { taken: at.wall, ..observation() };
    let plan = plan_for(&scale(desired), &observed, config, at.wall).expect("a plan");
    let judged = judge(plan, &context(config, at.wall));
    judged.approve(SERVICE, operator("ada"), at.wall).expect("approved")
}

/// A declared request that turns a flag off.
pub(crate) fn flag() -> Declared {
    let request = DeclaredRequest {
        source: "flags".into(),
        method: "PATCH".into(),
        url: "https://flags.example.com/checkout".parse().expect("a URL"),
        body: Some(("application/json".into(), "{\"on\":false}".into())),
        idempotency_header: None,
        success: HttpSuccess { statuses: Vec::new(), value: None },
        timeout: Duration::from_secs(20),
    };
    Declared {
        name: "declared".into(),
        service: SERVICE.into(),
        title: "turn the checkout off".into(),
        how: How::Http(request),
        read_back: Some(ReadBack::Value {
            what: "checkout".into(),
            request: HttpRequest { source: "flags".into(), path: "/checkout".into(), body: None },
            pointer: Pointer::parse("/on").expect("a pointer"),
            expected: Some("false".into()),
        }),
        undo: None,
        leaves: None,
        idempotent: true,
        reason: None,
        warning: None,
        patience: Duration::from_secs(30),
    }
}

/// What is read of it while the flag has this value.
pub(crate) fn flag_seen(declared: &Declared, value: &str) -> SeenDeclared {
    let back = SeenBack { what: "checkout".into(), value: value.into(), expected: Some("false".into()), figure: None };
    let read_back = declared.read_back.is_some().then_some(back);
    SeenDeclared { digest: declared.digest(), read_back, program: None }
}
