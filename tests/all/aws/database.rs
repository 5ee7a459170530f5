//! Databases and caches: RDS and ElastiCache, by the query protocol.

use quarterdeck::config::{Config, DatabaseId, DatabasePlace, Polling};
use quarterdeck::source::{Database, MemberRole, Payload, SourceErrorKind};

use super::server::{Answer, Request, Server};
use super::{failure, identity::xml, poll_one, source, with_services};

fn config(id: DatabaseId) -> Config {
    let polling = Polling { interval: std::time::Duration::from_secs(30), timeout: std::time::Duration::from_secs(5) };
    let mut config = with_services(&["store"], vec![]);
    config.services[0].ecs = None;
    config.services[0].database =
        Some(DatabasePlace { id, place: None, lag: None, max_lag: std::time::Duration::from_secs(1), polling });
    config
}

fn cluster() -> Config {
    config(DatabaseId::Cluster("rtech-mongodb".to_owned()))
}

fn answer(operation: &str, result: &str) -> Answer {
    xml(&format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"))
}

fn fault(status: u16, code: &str) -> Answer {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    );
    Answer::Raw(status, "text/xml", body.into_bytes())
}

const CLUSTER: &str = "<DBClusters><DBCluster><DBClusterIdentifier>rtech-mongodb</DBClusterIdentifier>\
    <Engine>docdb</Engine><EngineVersion>5.0.0</EngineVersion><Status>failing-over</Status><MultiAZ>true</MultiAZ>\
    <StorageEncrypted>true</StorageEncrypted><BackupRetentionPeriod>7</BackupRetentionPeriod>\
    <PreferredBackupWindow>03:00-04:00</PreferredBackupWindow>\
    <PreferredMaintenanceWindow>sun:04:00-sun:05:00</PreferredMaintenanceWindow>\
    <LatestRestorableTime>2026-11-21T14:00:00Z</LatestRestorableTime><DBClusterMembers>\
    <DBClusterMember><DBInstanceIdentifier>one</DBInstanceIdentifier><IsClusterWriter>false</IsClusterWriter>\
    <PromotionTier>1</PromotionTier></DBClusterMember>\
    <DBClusterMember><DBInstanceIdentifier>two</DBInstanceIdentifier><IsClusterWriter>true</IsClusterWriter>\
    <PromotionTier>2</PromotionTier></DBClusterMember></DBClusterMembers></DBCluster></DBClusters>";

const INSTANCES: &str = "<DBInstances>\
    <DBInstance><DBInstanceIdentifier>one</DBInstanceIdentifier><DBClusterIdentifier>rtech-mongodb</DBClusterIdentifier>\
    <DBInstanceStatus>available</DBInstanceStatus><DBInstanceClass>db.t3.medium</DBInstanceClass>\
    <AvailabilityZone>us-east-1a</AvailabilityZone><PendingModifiedValues><DBInstanceClass>db.r5.large</DBInstanceClass>\
    <MasterUserPassword>hunter2</MasterUserPassword></PendingModifiedValues></DBInstance>\
    <DBInstance><DBInstanceIdentifier>stranger</DBInstanceIdentifier><DBClusterIdentifier>other</DBClusterIdentifier>\
    <DBInstanceStatus>available</DBInstanceStatus></DBInstance></DBInstances>";

const PENDING: &str = "<PendingMaintenanceActions><ResourcePendingMaintenanceActions>\
    <ResourceIdentifier>arn:aws:rds:us-east-1:123456789012:cluster:rtech-mongodb</ResourceIdentifier>\
    <PendingMaintenanceActionDetails><PendingMaintenanceAction><Action>system-update</Action>\
    <Description>New OS</Description><ForcedApplyDate>2026-12-01T00:00:00Z</ForcedApplyDate></PendingMaintenanceAction>\
    </PendingMaintenanceActionDetails></ResourcePendingMaintenanceActions></PendingMaintenanceActions>";

fn whole(request: &Request) -> Answer {
    match request.operation.as_str() {
        "DescribeDBClusters" => answer("DescribeDBClusters", CLUSTER),
        "DescribeDBInstances" => answer("DescribeDBInstances", INSTANCES),
        "DescribePendingMaintenanceActions" => answer("DescribePendingMaintenanceActions", PENDING),
        other => panic!("{other} was not expected"),
    }
}

async fn read(server: &Server, config: &Config) -> Database {
    match poll_one(&source(server, config, "database store")).await.unwrap() {
        Payload::Database(database) => database,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_cluster_is_read_with_roles_windows_and_what_waits() {
    let server = Server::start(whole).await;
    let database = read(&server, &cluster()).await;
    assert_eq!(
        (database.engine.as_str(), database.version.as_str(), database.status.as_str()),
        ("docdb", "5.0.0", "failing-over")
    );
    assert_eq!(database.backup_retention_days, Some(7));
    assert_eq!(database.maintenance_window.as_deref(), Some("sun:04:00-sun:05:00"));
    assert_eq!(database.latest_restorable, Some("2026-11-21T14:00:00Z".parse().unwrap()));
    let members: Vec<_> = database.members.iter().map(|m| (m.id.as_str(), m.role, m.status.as_str())).collect();
    assert_eq!(
        members,
        [("two", MemberRole::Writer, "unknown"), ("one", MemberRole::Reader, "available")],
        "the writer first; an instance that was not told is unknown, another cluster's is not taken"
    );
    assert_eq!(database.pending[0].resource.as_str(), "rtech-mongodb");
}

#[tokio::test]
async fn a_password_that_waits_is_told_as_a_change_and_never_as_itself() {
    let server = Server::start(whole).await;
    let database = read(&server, &cluster()).await;
    let told = format!("{database:?}");
    assert!(told.contains("class: db.r5.large") && told.contains("master password"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn maintenance_is_asked_once_and_kept_between_polls() {
    let server = Server::start(whole).await;
    let source = source(&server, &cluster(), "database store");
    for _ in 0..3 {
        poll_one(&source).await.unwrap();
    }
    assert_eq!(server.seen("DescribePendingMaintenanceActions").len(), 2, "once for the cluster, once for its members");
    assert_eq!(server.seen("DescribeDBClusters").len(), 3);
}

#[tokio::test]
async fn a_part_that_is_refused_is_said_and_leaves_the_rest_whole() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeDBClusters" => whole(request),
        _ => fault(403, "AccessDenied"),
    })
    .await;
    let database = read(&server, &cluster()).await;
    assert_eq!(database.status.as_str(), "failing-over");
    assert!(database.members.iter().all(|member| member.status.as_str() == "unknown"), "not known is not available");
    let missing = database.missing.iter().map(|missing| missing.as_str()).collect::<Vec<_>>().join(" | ");
    assert!(missing.contains("instances: ") && missing.contains("pending maintenance: "), "{missing}");
    assert!(missing.contains("AccessDenied"), "{missing}");
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_missing() {
    let server = Server::start(|_| fault(404, "DBClusterNotFoundFault")).await;
    assert_eq!(failure(&source(&server, &cluster(), "database store")).await.kind, SourceErrorKind::Missing);
    let another = Server::start(|_| answer("DescribeDBClusters", "<DBClusters></DBClusters>")).await;
    assert_eq!(failure(&source(&another, &cluster(), "database store")).await.kind, SourceErrorKind::Missing);
}

#[tokio::test]
async fn a_cluster_without_a_status_is_no_answer() {
    let cut = CLUSTER.replace("<Status>failing-over</Status>", "");
    let server = Server::start(move |request| match request.operation.as_str() {
        "DescribeDBClusters" => answer("DescribeDBClusters", &cut),
        _ => whole(request),
    })
    .await;
    assert_eq!(failure(&source(&server, &cluster(), "database store")).await.kind, SourceErrorKind::Malformed);
}

#[tokio::test]
async fn pages_without_end_are_not_followed_to_their_end() {
    let endless = INSTANCES.to_owned() + "<Marker>again</Marker>";
    let server = Server::start(move |request| match request.operation.as_str() {
        "DescribeDBInstances" => answer("DescribeDBInstances", &endless),
        _ => whole(request),
    })
    .await;
    let database = read(&server, &cluster()).await;
    assert!(database.missing.iter().any(|missing| missing.contains("pages")), "{:?}", database.missing);
    assert_eq!(server.seen("DescribeDBInstances").len(), 5);
}

#[tokio::test]
async fn a_multi_az_instance_has_a_standby_and_its_replicas() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeDBInstances" => answer("DescribeDBInstances", INSTANCE_AND_REPLICA),
        _ => answer("DescribePendingMaintenanceActions", "<PendingMaintenanceActions/>"),
    })
    .await;
    let database = read(&server, &config(DatabaseId::Instance("main".to_owned()))).await;
    let members: Vec<_> = database.members.iter().map(|m| (m.id.as_str(), m.role)).collect();
    assert_eq!(members, [("main", MemberRole::Writer), ("standby", MemberRole::Standby), ("copy", MemberRole::Reader)]);
    assert_eq!(database.encrypted, Some(false));
}

const INSTANCE_AND_REPLICA: &str = "<DBInstances>\
    <DBInstance><DBInstanceIdentifier>main</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>\
    <Engine>postgres</Engine><EngineVersion>13.7</EngineVersion><MultiAZ>true</MultiAZ><StorageEncrypted>false</StorageEncrypted>\
    <SecondaryAvailabilityZone>us-east-1b</SecondaryAvailabilityZone>\
    <ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>copy</ReadReplicaDBInstanceIdentifier>\
    </ReadReplicaDBInstanceIdentifiers></DBInstance>\
    <DBInstance><DBInstanceIdentifier>copy</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>\
    <ReadReplicaSourceDBInstanceIdentifier>main</ReadReplicaSourceDBInstanceIdentifier></DBInstance></DBInstances>";

#[tokio::test]
async fn a_replication_group_tells_primary_and_replicas() {
    let server = Server::start(|request| match request.operation.as_str() {
        "DescribeReplicationGroups" => answer("DescribeReplicationGroups", GROUP),
        "DescribeCacheClusters" => answer("DescribeCacheClusters", NODES),
        _ => answer("DescribeUpdateActions", UPDATES),
    })
    .await;
    let database = read(&server, &config(DatabaseId::ReplicationGroup("rtech-redis".to_owned()))).await;
    let members: Vec<_> = database.members.iter().map(|m| (m.id.as_str(), m.role, m.status.as_str())).collect();
    assert_eq!(
        members,
        [
            ("redis-002", MemberRole::Writer, "available"),
            ("redis-001", MemberRole::Reader, "rebooting cache cluster nodes")
        ]
    );
    assert_eq!(database.pending[0].action.as_str(), "elasticache-redis-7-0-patch");
    assert!(database.missing.is_empty(), "{:?}", database.missing);
}

const GROUP: &str = "<ReplicationGroups><ReplicationGroup><ReplicationGroupId>rtech-redis</ReplicationGroupId>\
    <Status>available</Status><MultiAZ>enabled</MultiAZ><AtRestEncryptionEnabled>true</AtRestEncryptionEnabled>\
    <MemberClusters><ClusterId>redis-001</ClusterId><ClusterId>redis-002</ClusterId></MemberClusters>\
    <NodeGroups><NodeGroup><NodeGroupId>0001</NodeGroupId><NodeGroupMembers>\
    <NodeGroupMember><CacheClusterId>redis-001</CacheClusterId><CurrentRole>replica</CurrentRole></NodeGroupMember>\
    <NodeGroupMember><CacheClusterId>redis-002</CacheClusterId><CurrentRole>primary</CurrentRole></NodeGroupMember>\
    </NodeGroupMembers></NodeGroup></NodeGroups></ReplicationGroup></ReplicationGroups>";

const NODES: &str = "<CacheClusters>\
    <CacheCluster><CacheClusterId>redis-001</CacheClusterId><Engine>redis</Engine><EngineVersion>7.0.7</EngineVersion>\
    <CacheClusterStatus>rebooting cache cluster nodes</CacheClusterStatus></CacheCluster>\
    <CacheCluster><CacheClusterId>redis-002</CacheClusterId><Engine>redis</Engine>\
    <CacheClusterStatus>available</CacheClusterStatus></CacheCluster></CacheClusters>";

const UPDATES: &str = "<UpdateActions><UpdateAction><ReplicationGroupId>rtech-redis</ReplicationGroupId>\
    <ServiceUpdateName>elasticache-redis-7-0-patch</ServiceUpdateName><ServiceUpdateSeverity>critical</ServiceUpdateSeverity>\
    <UpdateActionStatus>not-applied</UpdateActionStatus></UpdateAction></UpdateActions>";
