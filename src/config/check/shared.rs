//! `[shared]`: the table that leases of several hosts stand in.

use std::collections::BTreeMap;

use super::backend::{optional_url, region};
use super::words::{line, maybe};
use crate::config::raw::{Entry, Section};
use crate::config::{Aws, Shared};

/// `[shared]`. Region, endpoint, profile and role are those of `[aws]` unless given; a profile of its own is another login, for
/// which no role of `[aws]` is assumed.
pub(super) fn shared(section: &Section<'_>, aws: Option<&Aws>) -> Option<Shared> {
    let table = section.need("dynamodb_table").and_then(|entry| table(&entry));
    let region = maybe(section.get("region"), region);
    let profile = maybe(section.get("profile"), line).map(|given| given.filter(|profile| !profile.is_empty()));
    let endpoint = maybe(section.get("endpoint"), optional_url).map(Option::flatten);
    section.done();
    let (table, region, profile, endpoint) = (table?, region?, profile?, endpoint?);
    let Some(region) = region.or_else(|| aws.map(|aws| aws.region.clone())) else {
        section
            .error("the key `region` is missing", Some("name the table's region; there is no [aws] to take it from"));
        return None;
    };
    let own_login = profile.is_some();
    let aws = Aws {
        role_arn: aws.filter(|_| !own_login).and_then(|aws| aws.role_arn.clone()),
        profile: profile.or_else(|| aws?.profile.clone()),
        endpoint: endpoint.or_else(|| aws?.endpoint.clone()),
        region,
        account: None,
        action_role_arn: None,
        places: BTreeMap::new(),
    };
    Some(Shared { table, aws })
}

/// A table's name.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn table(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let known = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if known && (3..=255).contains(&value.len()) {
        return Some(value);
    }
    entry.error("is not the name of a DynamoDB table", Some("3 to 255 letters, digits, `_`, `-` and `.`"));
    None
}
