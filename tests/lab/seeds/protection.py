"""What can be restored of rtech: AWS Backup (ministack), the DocumentDB cluster with its snapshots and exports in S3 (moto)."""

import datetime

RESOURCE = "arn:aws:rds:us-east-1:123456789012:cluster:rtech-mongodb"
VAULT = "rtech-vault"
# Rules of the plan: schedule, days until cold, days until gone.
RULES = {"DailyBackups": ("cron(0 2 ? * * *)", 7, 30), "WeeklyBackups": ("cron(0 3 ? * MON *)", 30, 365)}
EXPORTS = 5


def plans(backup):
    backup.create_backup_vault(BackupVaultName=VAULT)
    rules = [
        {
            "RuleName": name,
            "TargetBackupVaultName": VAULT,
            "ScheduleExpression": schedule,
            "StartWindowMinutes": 60,
            "Lifecycle": {"MoveToColdStorageAfterDays": cold, "DeleteAfterDays": gone},
        }
        for name, (schedule, cold, gone) in RULES.items()
    ]
    backup.create_backup_plan(BackupPlan={"BackupPlanName": "rtech", "Rules": rules})
    backup.start_backup_job(BackupVaultName=VAULT, ResourceArn=RESOURCE, IamRoleArn="arn:aws:iam::123456789012:role/backup")


def cluster(rds):
    """A snapshot by hand of the cluster that databases.py made, and its export."""
    made = rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="rtech-before-release", DBClusterIdentifier="rtech-mongodb")
    rds.start_export_task(
        ExportTaskIdentifier="rtech-export-1",
        SourceArn=made["DBClusterSnapshot"]["DBClusterSnapshotArn"],
        S3BucketName="rtech-backups",
        S3Prefix="exports/",
        IamRoleArn="arn:aws:iam::123456789012:role/export",
        KmsKeyId="arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
    )


def exports(s3):
    """moto stamps all with the time of seeding, so only the newest key names a moment that is believed as its cut."""
    s3.create_bucket(Bucket="rtech-backups")
    now = datetime.datetime.now(datetime.timezone.utc)
    for back in range(EXPORTS):
        cut = now - datetime.timedelta(days=back, minutes=4)
        key = f"exports/rtech-{cut:%Y-%m-%dT%H-%M-%SZ}.gz"
        s3.put_object(Bucket="rtech-backups", Key=key, Body=b"x" * (1000 - back), ServerSideEncryption="AES256")


def seed(client):
    plans(client("backup"))
    cluster(client("rds"))
    exports(client("s3"))
