//! Objects under a prefix of a bucket: dumps and exports that something else uploads.
//!
//! S3 lists keys in their own order, not by time, so the newest is known only of a list that is whole.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::Object;
use jiff::Timestamp;

use super::{Found, KEPT, Listed, Page, key_time, paged};
use crate::source::aws::decode::timestamp;
use crate::source::aws::error::Asked;
use crate::source::{BackupJob, CopyKind, JobKind, JobOutcome, Name, RecoveryPoint, SourceError};
use crate::text::Text;

/// Pages of a thousand keys that are read.
const PAGES: usize = 10;

/// Reads S3 through one client.
pub(super) struct Objects {
    client: Client,
    source: Name,
    who: String,
}

/// An object that is there, with the moment of its upload.
struct Uploaded<'a> {
    key: &'a str,
    bytes: u64,
    at: Timestamp,
    /// The moment that the key names as the beginning.
    named: Option<Timestamp>,
}

impl Objects {
    /// An endpoint of one's own (an emulator, MinIO) knows no bucket by host name.
    pub(super) fn new(config: &SdkConfig, source: Name, who: String) -> Self {
        let own = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        let settings = aws_sdk_s3::config::Builder::from(config).force_path_style(own || names_endpoint()).build();
        Self { client: Client::from_conf(settings), source, who }
    }

    pub(super) async fn read(&self, bucket: &str, prefix: &str) -> Found {
        let mut found = Found::default();
        let origin = Text::clean(&format!("s3://{bucket}/{prefix}"));
        let part = format!("objects in {origin}");
        let listed = self.list(bucket, prefix).await;
        let (objects, _) = found.take_list(&part, true, listed);
        let mut uploaded: Vec<Uploaded<'_>> = objects.iter().filter_map(uploaded).collect();
        uploaded.sort_by_key(|object| std::cmp::Reverse(object.named.unwrap_or(object.at)));
        uploaded.truncate(KEPT);
        let (empty, whole): (Vec<_>, Vec<_>) = uploaded.into_iter().partition(|object| object.bytes == 0);
        found.protection.jobs.extend(empty.iter().map(|object| nothing_in(object, &origin)));
        found.protection.points.extend(whole.iter().map(|object| point(object, &origin)));
        if let Some(newest) = whole.first() {
            self.encryption(bucket, newest, &mut found).await;
        }
        found
    }

    async fn list(&self, bucket: &str, prefix: &str) -> Result<Listed<Object>, SourceError> {
        let asked = &self.asked("s3:ListBucket");
        paged(PAGES, |token| async move {
            let asking = self.client.list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(token);
            let page = asking.send().await.map_err(|error| asked.failed(&error))?;
            Ok(Page { next: page.next_continuation_token, items: page.contents.unwrap_or_default() })
        })
        .await
    }

    /// How the newest is encrypted, which a listing does not tell.
    async fn encryption(&self, bucket: &str, newest: &Uploaded<'_>, found: &mut Found) {
        let sent = self.client.head_object().bucket(bucket).key(newest.key).send().await;
        let head = sent.map_err(|error| self.asked("s3:GetObject (HEAD)").failed(&error));
        let Some(head) = found.take("encryption of the newest object", false, head) else { return };
        let Some(point) = found.protection.points.first_mut() else { return };
        point.encryption = head.server_side_encryption().map(|found| Text::clean(found.as_str()));
        point.encrypted = Some(point.encryption.is_some());
    }

    fn asked<'a>(&'a self, operation: &'a str) -> Asked<'a> {
        Asked { source: &self.source, operation, who: &self.who }
    }
}

fn names_endpoint() -> bool {
    std::env::var_os("AWS_ENDPOINT_URL").is_some()
}

/// An object with key, size and date; none of what only stands for a folder.
fn uploaded(object: &Object) -> Option<Uploaded<'_>> {
    let key = object.key().filter(|key| !key.ends_with('/'))?;
    let bytes = object.size().and_then(|bytes| u64::try_from(bytes).ok())?;
    let at = object.last_modified().and_then(timestamp)?;
    Some(Uploaded { key, bytes, at, named: key_time::named(key, at) })
}

/// Cut at the moment that the key names; else at the upload, which is the end of it.
fn point(object: &Uploaded<'_>, origin: &Text) -> RecoveryPoint {
    RecoveryPoint {
        id: Text::clean(object.key),
        kind: CopyKind::Object,
        origin: Some(origin.clone()),
        cut: object.named.unwrap_or(object.at),
        cut_is_end: object.named.is_none(),
        completed: Some(object.at),
        bytes: Some(object.bytes),
        encrypted: None,
        encryption: None,
        expires: None,
    }
}

/// An object of no bytes is no copy, but a dump that failed.
fn nothing_in(object: &Uploaded<'_>, origin: &Text) -> BackupJob {
    BackupJob {
        id: Text::clean(object.key),
        kind: JobKind::Backup,
        state: Text::from("EMPTY"),
        outcome: JobOutcome::Failed,
        validation: None,
        message: Some(Text::from("the object has 0 bytes")),
        created: object.at,
        completed: Some(object.at),
        percent: None,
        origin: Some(origin.clone()),
    }
}
