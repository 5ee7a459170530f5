//! `[[aws.place]]`: other regions and accounts of the same environment; and `place = "…"`, which names one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::backend::{account, optional_url, region, role};
use super::words::{line, maybe, name};
use crate::config::raw::{Entry, Section};
use crate::config::{Aws, EnvironmentKind};
use crate::source::Name;

/// The places that other sections may name, and the regions that they named without declaring them.
pub(super) struct Places {
    /// `[aws]` with its declared places; `None` where it is wrong in itself, so that any place passes: the file is refused
    /// already.
    aws: Option<Aws>,
    implied: RefCell<BTreeSet<Name>>,
}

impl Places {
    pub(super) fn of(aws: Option<Aws>) -> Self {
        Self { aws, implied: RefCell::default() }
    }

    /// The place of a region of `[aws]`'s own account: `None` is `[aws]` itself. For what lives in one region for the whole
    /// world (CloudFront's metrics and billing in us-east-1), whether or not the file declares a place there.
    pub(super) fn of_region(&self, region: &str) -> Option<Name> {
        let aws = self.aws.as_ref()?;
        if aws.region == region {
            return None;
        }
        let same =
            |place: &&Name| aws.places.get(*place).is_some_and(|at| aws.is_same_login(at) && at.region == region);
        let declared = aws.places.keys().find(same).cloned();
        Some(declared.unwrap_or_else(|| {
            let name = Name::from(region);
            self.implied.borrow_mut().insert(name.clone());
            name
        }))
    }

    /// The regions that were named without being declared, as places: `[aws]` in that region.
    pub(super) fn implied(self) -> BTreeMap<Name, Aws> {
        let Some(aws) = self.aws else { return BTreeMap::new() };
        let at = |region: Name| {
            let there = Aws { region: region.as_str().to_owned(), places: BTreeMap::new(), ..aws.clone() };
            (region, there)
        };
        self.implied.into_inner().into_iter().map(at).collect()
    }

    /// What a place is: two names of the same region and account are one.
    pub(super) fn identity(&self, place: Option<&str>) -> String {
        let found = self.aws.as_ref().and_then(|aws| match place {
            None => Some(aws),
            Some(place) => aws.places.get(&Name::from(place)),
        });
        match (found, place, &self.aws) {
            (Some(at), ..) => {
                let whose = at.account.as_deref().or(at.role_arn.as_deref()).or(at.profile.as_deref());
                format!("{} {}", at.region, whose.unwrap_or_default())
            }
            (None, Some(region), Some(aws)) => {
                let whose = aws.account.as_deref().or(aws.role_arn.as_deref()).or(aws.profile.as_deref());
                format!("{region} {}", whose.unwrap_or_default())
            }
            (None, place, None) => place.unwrap_or_default().to_owned(),
            (None, None, Some(_)) => String::new(),
        }
    }

    /// A place that is declared, or that is a region.
    pub(super) fn named(&self, entry: &Entry<'_>) -> Option<Option<Name>> {
        let named = name(entry)?;
        let Some(aws) = &self.aws else { return Some(Some(named)) };
        if aws.places.contains_key(&named) {
            return Some(Some(named));
        }
        if is_region(named.as_str()) {
            return Some(self.of_region(named.as_str()));
        }
        let known: Vec<&str> = aws.places.keys().map(Name::as_str).collect();
        let written = entry.written().unwrap_or_default();
        let meant = crate::config::error::did_you_mean(written, known.iter().copied());
        let listed = if known.is_empty() { String::new() } else { format!("{}, or ", known.join(", ")) };
        let hint = format!("allowed: {listed}a region such as us-east-1; others are declared with [[aws.place]]");
        entry.error(&format!("`{written}` is no place{meant}"), Some(&hint));
        None
    }
}

/// The `[[aws.place]]` of `[aws]`.
pub(super) fn places(section: &Section<'_>, aws: Option<&Aws>, kind: EnvironmentKind) -> Option<BTreeMap<Name, Aws>> {
    let read = super::named(section.sections("place"), |section| place(section, aws, kind));
    Some(read?.into_iter().collect())
}

/// One place. Region and endpoint are those of `[aws]` unless given. Profile, roles and account belong together: where a
/// profile or a role is given, those of `[aws]` are of another login and are not taken over (but the profile that a role
/// is assumed from).
fn place(section: &Section<'_>, aws: Option<&Aws>, kind: EnvironmentKind) -> Option<(Name, Aws)> {
    let named = section.need("name").and_then(|entry| name(&entry));
    let region = maybe(section.get("region"), region);
    let profile = maybe(section.get("profile"), line).map(|given| given.filter(|profile| !profile.is_empty()));
    let account = maybe(section.get("account"), account).map(Option::flatten);
    let role_arn = maybe(section.get("role_arn"), role).map(Option::flatten);
    let action_role_arn = maybe(section.get("action_role_arn"), role).map(Option::flatten);
    let endpoint = maybe(section.get("endpoint"), optional_url).map(Option::flatten);
    section.done();
    let (named, region, profile, account) = (named?, region?, profile?, account?);
    let (role_arn, action_role_arn, endpoint) = (role_arn?, action_role_arn?, endpoint?);
    let aws = aws?;
    let own_login = profile.is_some() || role_arn.is_some();
    let region = region.unwrap_or_else(|| aws.region.clone());
    let at = Aws {
        role_arn: if own_login { role_arn } else { aws.role_arn.clone() },
        action_role_arn: action_role_arn.or_else(|| aws.action_role_arn.clone().filter(|_| !own_login)),
        account: account.or_else(|| aws.account.clone().filter(|_| !own_login)),
        profile: profile.or_else(|| aws.profile.clone()),
        endpoint: endpoint.or_else(|| aws.endpoint.clone()),
        region,
        places: BTreeMap::new(),
    };
    sound(section, &named, aws, &at, (own_login, kind))?;
    Some((named, at))
}

/// What would make a place mean another than it says.
fn sound(
    section: &Section<'_>,
    name: &Name,
    aws: &Aws,
    at: &Aws,
    (own_login, kind): (bool, EnvironmentKind),
) -> Option<()> {
    let problem = if is_region(name.as_str()) && name.as_str() != at.region {
        ("is named like another region than its own", "name it after what it is, such as dr")
    } else if at.account.is_none() && kind == EnvironmentKind::Production {
        (
            "the key `account` is missing",
            "in production name the account (12 digits) that the credentials must belong to; it is not that of [aws] where \
             profile or role_arn is given",
        )
    } else if !own_login && at.account != aws.account {
        (
            "is of another account than [aws], with the same credentials",
            "give it a profile or a role_arn of that account",
        )
    } else {
        return Some(());
    };
    section.error(problem.0, Some(problem.1));
    None
}

/// Whether a word is a region as AWS writes them: `us-east-1`, `ap-southeast-2`, `us-gov-west-1`.
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
fn is_region(word: &str) -> bool {
    const SIDES: &[&str] =
        &["north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"];
    let parts: Vec<&str> = word.split('-').collect();
    let ([area, side, number] | [area, _, side, number]) = parts[..] else { return false };
    let letters = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    area.len() <= 4
        && letters(&area)
        && SIDES.contains(&side)
        && number.len() == 1
        && number.chars().all(|c| c.is_ascii_digit())
        && parts[1..parts.len() - 1].iter().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_aws_could_call_a_region_is_one() {
        for right in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "eusc-central-1", "cn-north-1"] {
            assert!(is_region(right), "{right}");
        }
        for wrong in ["dr", "rtech-dr-2", "us-east", "us-east-one", "us-east-12", "US-east-1", "us--east-1", "us-est-1"]
        {
            assert!(!is_region(wrong), "{wrong}");
        }
    }
}
