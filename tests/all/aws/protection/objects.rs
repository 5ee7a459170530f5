//! S3. Shapes: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>.

use super::*;

/// Three dumps, a folder's mark, and one dump of no bytes.
pub(super) fn whole(request: &Request) -> Answer {
    if request.method == "HEAD" {
        return head();
    }
    let all = [
        object("exports/", 0, 90),
        object("exports/rtech-a.gz", 1000, 60),
        object("exports/rtech-b.gz", 900, 36),
        object("exports/rtech-c.gz", 950, 12),
        object("exports/rtech-d.gz", 0, 1),
    ];
    xml(&page(&all.concat(), None))
}

/// Without the header that names an encryption.
fn head() -> Answer {
    Answer::Raw(200, "binary/octet-stream", Vec::new())
}

fn object(key: &str, bytes: u64, hours: i64) -> String {
    format!("<Contents><Key>{key}</Key><Size>{bytes}</Size><LastModified>{}</LastModified></Contents>", iso(hours))
}

fn page(objects: &str, next: Option<&str>) -> String {
    let more = next.map_or_else(String::new, |token| format!("<NextContinuationToken>{token}</NextContinuationToken>"));
    format!(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>rtech-backups</Name>\
         <IsTruncated>{}</IsTruncated>{more}{objects}</ListBucketResult>",
        next.is_some()
    )
}

#[tokio::test]
async fn objects_are_points_the_newest_first_and_one_of_no_bytes_is_a_failed_dump() {
    let server = Server::start(whole).await;
    let protection = read(&server, vec![exports()]).await;
    let points: Vec<_> = protection.points.iter().map(|point| (point.id.as_str(), point.bytes)).collect();
    let expected = [("exports/rtech-c.gz", 950), ("exports/rtech-b.gz", 900), ("exports/rtech-a.gz", 1000)];
    assert_eq!(points, expected.map(|(key, bytes)| (key, Some(bytes))));
    assert!(protection.points.iter().all(|point| point.cut_is_end), "no key names a start");
    assert_eq!(protection.jobs.len(), 1);
    assert_eq!(
        (protection.jobs[0].id.as_str(), protection.jobs[0].outcome),
        ("exports/rtech-d.gz", JobOutcome::Failed)
    );
    assert_eq!(protection.points[0].encrypted, Some(false), "S3 names no encryption");
    assert_eq!(protection.points[1].encrypted, None, "only the newest is asked");
}

#[tokio::test]
async fn thousands_of_objects_are_read_whole_and_ever_more_are_told_as_cut() {
    let pages = |last: usize| {
        let at = std::sync::atomic::AtomicUsize::new(0);
        move |request: &Request| {
            if request.method == "HEAD" {
                return head();
            }
            let at = at.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let objects: String =
                (0..1000).map(|n| object(&format!("exports/{at}-{n}"), 10, 5000 - (at * 400) as i64)).collect();
            xml(&page(&objects, (at < last).then(|| format!("token{at}")).as_deref()))
        }
    };
    let server = Server::start(pages(4)).await;
    let protection = read(&server, vec![exports()]).await;
    assert_eq!(missing(&protection), []);
    assert_eq!(protection.points[0].cut.as_second(), hours_ago(5000 - 1600), "of the last page");
    assert!(protection.points.len() <= 400);
    let server = Server::start(pages(usize::MAX)).await;
    let protection = read(&server, vec![exports()]).await;
    assert_eq!(
        missing(&protection),
        [("objects in s3://rtech-backups/exports/", true)],
        "a newer one may be among the rest"
    );
}

#[tokio::test]
async fn a_denied_look_at_the_newest_costs_only_its_encryption() {
    let server = Server::start(|request| match request.method == "HEAD" {
        true => Answer::Raw(403, "application/xml", Vec::new()),
        false => whole(request),
    })
    .await;
    let protection = read(&server, vec![exports()]).await;
    assert_eq!(missing(&protection), [("encryption of the newest object", false)]);
    assert_eq!((protection.points.len(), protection.points[0].encrypted), (3, None));
}

#[tokio::test]
async fn an_empty_prefix_has_no_point_and_that_is_an_answer() {
    let server = Server::start(|_| xml(&page("", None))).await;
    let protection = read(&server, vec![exports()]).await;
    assert_eq!((protection.points.len(), missing(&protection)), (0, vec![]));
}
