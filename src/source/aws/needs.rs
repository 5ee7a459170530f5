//! Whether what revisions need is there: roles in IAM, log groups, secrets and parameters. No value of a secret is ever asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::Region;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::connect::Connection;
use super::error::Asked;
use super::releases::is_same;
use super::signed::{IAM, SECRETS_MANAGER, SSM, Signer, element};
use crate::source::{
    Existence, Name, Need, NeedKind, Needed, Needs, Releases, SourceError, SourceErrorKind, Which, Workload,
};
use crate::text::Text;

/// The longest that looking all of it up may take: the executor does so before its first call, and a plan waits for it.
const WITHIN: Duration = Duration::from_secs(3);

/// Requests at the same time.
const AT_ONCE: usize = 8;

/// Things that are looked up; of more it is said that they were not.
const MOST: usize = 60;

/// Parameters in one call, below the API's limit of 50 values.
const PARAMETERS: usize = 40;

/// Pages of an answer about parameters: SSM may give an empty page before the one that tells.
const PAGES: usize = 5;

/// Looks up what the revisions need that are meant, of those that were read.
pub(super) async fn check(
    connection: &Connection,
    releases: &Releases,
    (revisions, workload): (Which, &Workload),
) -> Needs {
    let mut needs = wanted(releases, revisions, workload.task_definition.as_str());
    let reader = Reader {
        signer: Signer::new(connection, WITHIN).await,
        connection,
        until: Instant::now() + WITHIN,
        account: workload.arn.split(':').nth(4).unwrap_or_default().to_owned(),
    };
    let (parameters, others): (Vec<usize>, Vec<usize>) =
        (0..needs.all.len().min(MOST)).partition(|index| needs.all[*index].need.kind == NeedKind::Parameter);
    let single = stream::iter(others).map(|index| {
        let (reader, need) = (&reader, needs.all[index].need.clone());
        async move { (index, reader.existence(&need).await) }
    });
    let parameters = parameters.into_iter().map(|index| (index, needs.all[index].need.clone())).collect();
    let (single, parameters) =
        tokio::join!(single.buffer_unordered(AT_ONCE).collect::<Vec<_>>(), reader.parameters(parameters));
    for (index, existence) in single.into_iter().chain(parameters) {
        needs.all[index].existence = existence;
    }
    needs
}

/// What is needed by whom, each thing once, nothing of it looked up.
fn wanted(releases: &Releases, revisions: Which, running: &str) -> Needs {
    let number = |id: &str| id.rsplit_once(':').and_then(|(_, number)| number.parse::<u32>().ok()).unwrap_or(0);
    let meant = releases.revisions.iter().filter(|one| revisions.means(number(one.id.as_str()), number(running)));
    let mut needs = Needs::default();
    for revision in meant {
        needs.of.push(revision.id.clone());
        for need in &revision.needs {
            match needs.all.iter_mut().find(|known| is_same(&known.need, need)) {
                Some(known) => known.of.push(revision.id.clone()),
                None => needs.all.push(Needed {
                    need: need.clone(),
                    of: vec![revision.id.clone()],
                    existence: not_verified(&format!("more than {MOST} things are needed")),
                }),
            }
        }
    }
    needs
}

fn not_verified(reason: &str) -> Existence {
    Existence::NotVerified { reason: Text::clean(reason) }
}

fn missing(reason: &str) -> Existence {
    Existence::Missing { reason: Text::clean(reason) }
}

/// A backend that says that there is none is believed; any other failure tells nothing.
fn of_error(error: &SourceError) -> Existence {
    match error.kind {
        SourceErrorKind::Missing => Existence::Missing { reason: error.reason.clone() },
        _ => Existence::NotVerified { reason: error.reason.clone() },
    }
}

/// Asks IAM, CloudWatch Logs, Secrets Manager and SSM in bounded time.
struct Reader<'a> {
    signer: Signer,
    connection: &'a Connection,
    until: Instant,
    /// The account of the service.
    account: String,
}

impl Reader<'_> {
    async fn existence(&self, need: &Need) -> Existence {
        let name = need.name.as_str();
        let region = need.region.as_ref().map(Text::as_str);
        let asked = async {
            match need.kind {
                NeedKind::Role => self.role(name).await,
                NeedKind::LogGroup => self.log_group(name, region).await,
                NeedKind::Secret => self.secret(name, region).await,
                NeedKind::Parameter => Ok(not_verified("it was not asked for")),
            }
        };
        self.in_time(asked).await
    }

    async fn in_time(&self, asked: impl Future<Output = Result<Existence, SourceError>>) -> Existence {
        match timeout_at(self.until, asked).await {
            Ok(told) => told.unwrap_or_else(|error| of_error(&error)),
            Err(_) => not_verified(&format!("no answer within {} s", WITHIN.as_secs())),
        }
    }

    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>
    async fn role(&self, wanted: &str) -> Result<Existence, SourceError> {
        let account = wanted.split(':').nth(4).unwrap_or(&self.account);
        if account != self.account {
            return Ok(not_verified(&format!("it is of the account {account}")));
        }
        let name = wanted.rsplit('/').next().unwrap_or(wanted);
        let form = [("Action", "GetRole"), ("Version", "2010-05-08"), ("RoleName", name)];
        let arn = element(&self.signer.query(IAM, &form).await?, "Arn");
        Ok(match arn.as_deref() {
            Some(arn) if arn == wanted || wanted == name => Existence::Found,
            Some(arn) => missing(&format!("the role of that name is {arn}")),
            None => not_verified("iam:GetRole: the answer names no role"),
        })
    }

    /// Names are sorted: where the group is there, it comes before those that it is only the beginning of.
    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>
    async fn log_group(&self, wanted: &str, region: Option<&str>) -> Result<Existence, SourceError> {
        let config = self.connection.sdk_config(WITHIN).await;
        let mut builder = aws_sdk_cloudwatchlogs::config::Builder::from(&config);
        if let Some(region) = region {
            builder.set_region(Some(Region::new(region.to_owned())));
        }
        let client = aws_sdk_cloudwatchlogs::Client::from_conf(builder.build());
        let (source, who) = (Name::from("aws"), self.connection.who());
        let asked = Asked { source: &source, operation: "logs:DescribeLogGroups", who: &who };
        let sent = client.describe_log_groups().log_group_name_prefix(wanted).send().await;
        let groups = sent.map_err(|error| asked.failed(&error))?;
        let is_there = groups.log_groups().iter().any(|group| group.log_group_name() == Some(wanted));
        Ok(if is_there { Existence::Found } else { missing("there is no such log group") })
    }

    /// Whether the secret is there, is not being deleted, and has the version that is wanted.
    /// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html>
    async fn secret(&self, wanted: &str, region: Option<&str>) -> Result<Existence, SourceError> {
        let id: Vec<&str> = wanted.splitn(8, ':').collect();
        let (id, rest) = id.split_at(id.len().min(7));
        let body = json!({"SecretId": id.join(":")});
        let told = self.signer.json((SECRETS_MANAGER, region), "secretsmanager.DescribeSecret", &body).await?;
        // What follows the ARN: a key within the value, a stage, a version.
        let mut rest = rest.first().copied().unwrap_or_default().split(':').skip(1);
        let (stage, version) = (rest.next().unwrap_or_default(), rest.next().unwrap_or_default());
        Ok(described(&told, stage, version))
    }

    /// Parameters by name, a call for each region: what is described has no value.
    async fn parameters(&self, wanted: Vec<(usize, Need)>) -> Vec<(usize, Existence)> {
        let mut regions: BTreeMap<Option<Text>, Vec<(usize, Need)>> = BTreeMap::new();
        for (index, need) in wanted {
            regions.entry(need.region.clone()).or_default().push((index, need));
        }
        let mut all = Vec::new();
        for (region, needs) in regions {
            for some in needs.chunks(PARAMETERS / 2) {
                all.extend(self.some_parameters(region.as_ref().map(Text::as_str), some).await);
            }
        }
        all
    }

    async fn some_parameters(&self, region: Option<&str>, wanted: &[(usize, Need)]) -> Vec<(usize, Existence)> {
        let names: Vec<String> = wanted.iter().flat_map(|(_, need)| parameter_names(need.name.as_str())).collect();
        let listed = timeout_at(self.until, self.described(region, &names)).await;
        let listed = listed.unwrap_or_else(|_| Err(not_verified(&format!("no answer within {} s", WITHIN.as_secs()))));
        let existence = |need: &Need| match (&listed, of_account(need.name.as_str())) {
            (_, Some(account)) if account != self.account => not_verified(&format!("it is of the account {account}")),
            (Err(reason), _) => reason.clone(),
            (Ok(there), _) if parameter_names(need.name.as_str()).iter().any(|name| there.contains(name)) => {
                Existence::Found
            }
            (Ok(_), _) => missing("there is no such parameter"),
        };
        wanted.iter().map(|(index, need)| (*index, existence(need))).collect()
    }

    /// Which of these names there are.
    /// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html>
    async fn described(&self, region: Option<&str>, names: &[String]) -> Result<Vec<String>, Existence> {
        let mut there = Vec::new();
        let mut token = Value::Null;
        for _ in 0..PAGES {
            let filters = json!([{"Key": "Name", "Option": "Equals", "Values": names}]);
            let mut body = json!({"ParameterFilters": filters, "MaxResults": 50});
            if token.is_string() {
                body["NextToken"] = token;
            }
            let page = self.signer.json((SSM, region), "AmazonSSM.DescribeParameters", &body).await;
            let page = page.map_err(|error| of_error(&error))?;
            let Some(parameters) = page["Parameters"].as_array() else {
                return Err(not_verified("ssm:DescribeParameters: the answer lists no parameters"));
            };
            there.extend(parameters.iter().filter_map(|one| one["Name"].as_str()).map(str::to_owned));
            token = page["NextToken"].clone();
            if token.as_str().is_none_or(str::is_empty) {
                return Ok(there);
            }
        }
        Err(not_verified(&format!("ssm:DescribeParameters: the answer has more than {PAGES} pages")))
    }
}

/// What DescribeSecret tells.
fn described(told: &Value, stage: &str, version: &str) -> Existence {
    if !told["ARN"].is_string() {
        return not_verified("secretsmanager:DescribeSecret: the answer names no secret");
    }
    if !told["DeletedDate"].is_null() {
        return missing("it is marked for deletion");
    }
    let empty = serde_json::Map::new();
    let versions = told["VersionIdsToStages"].as_object().unwrap_or(&empty);
    let stages = |id: &str| versions.get(id).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !version.is_empty() {
        let is_there =
            versions.contains_key(version) && (stage.is_empty() || stages(version).iter().any(|s| s == stage));
        return if is_there { Existence::Found } else { missing(&format!("it has no version {version} {stage}")) };
    }
    let stage = if stage.is_empty() { "AWSCURRENT" } else { stage };
    match versions.keys().any(|id| stages(id).iter().any(|one| one == stage)) {
        true => Existence::Found,
        false => missing(&format!("it has no version {stage}")),
    }
}

/// The account of a parameter's ARN.
fn of_account(name: &str) -> Option<&str> {
    name.starts_with("arn:").then(|| name.split(':').nth(4)).flatten()
}

/// The names that a parameter may have: an ARN doesn't tell `/name` from `name`. A version or label behind it is left out.
fn parameter_names(name: &str) -> Vec<String> {
    let Some((_, path)) = name.split_once(":parameter/").filter(|_| name.starts_with("arn:")) else {
        return vec![name.split(':').next().unwrap_or(name).to_owned()];
    };
    let path = path.split(':').next().unwrap_or(path);
    let whole = format!("/{path}");
    if path.contains('/') { vec![whole] } else { vec![whole, path.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameters_arn_may_mean_two_names() {
        let arn = |path: &str| parameter_names(&format!("arn:aws:ssm:eu-west-1:123456789012:parameter/{path}"));
        assert_eq!(arn("shop/key"), ["/shop/key"]);
        assert_eq!(arn("key:3"), ["/key", "key"]);
        assert_eq!(parameter_names("/shop/key:live"), ["/shop/key"]);
    }

    #[test]
    fn a_secret_without_the_version_that_is_wanted_is_missing() {
        let whole = json!({"ARN": "arn:x", "VersionIdsToStages": {"v1": ["AWSPREVIOUS"], "v2": ["AWSCURRENT"]}});
        for (stage, version) in [("", ""), ("AWSPREVIOUS", ""), ("", "v1"), ("AWSCURRENT", "v2")] {
            assert_eq!(described(&whole, stage, version), Existence::Found, "{stage} {version}");
        }
        for (stage, version) in [("blue", ""), ("", "v3"), ("AWSCURRENT", "v1")] {
            assert!(matches!(described(&whole, stage, version), Existence::Missing { .. }), "{stage} {version}");
        }
        let none = json!({"ARN": "arn:x"});
        assert!(matches!(described(&none, "", ""), Existence::Missing { .. }), "it has no value");
        let deleted = json!({"ARN": "arn:x", "DeletedDate": 1.0, "VersionIdsToStages": {"v": ["AWSCURRENT"]}});
        assert!(matches!(described(&deleted, "", ""), Existence::Missing { .. }));
        assert!(matches!(described(&json!({}), "", ""), Existence::NotVerified { .. }), "no answer of AWS");
    }
}
