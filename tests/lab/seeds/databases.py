"""The document database of rtech with its writer and its reader, and its Redis.

moto does not know the engine docdb; aurora-postgresql answers through the same operations in the same shapes.
"""


def seed(client):
    rds = client("rds")
    if not rds.describe_db_clusters()["DBClusters"]:
        rds.create_db_cluster(
            DBClusterIdentifier="rtech-mongodb",
            Engine="aurora-postgresql",
            MasterUsername="lab",
            MasterUserPassword="lab-lab-lab",
            BackupRetentionPeriod=7,
            PreferredBackupWindow="03:00-04:00",
            PreferredMaintenanceWindow="sun:04:00-sun:05:00",
            StorageEncrypted=True,
        )
        for name in ("rtech-mongodb-1", "rtech-mongodb-2"):
            rds.create_db_instance(
                DBInstanceIdentifier=name,
                DBClusterIdentifier="rtech-mongodb",
                DBInstanceClass="db.t3.medium",
                Engine="aurora-postgresql",
            )
    client("elasticache").create_cache_cluster(
        CacheClusterId="rtech-redis", Engine="redis", EngineVersion="7.0", CacheNodeType="cache.t3.small", NumCacheNodes=1
    )
