//! Mutating calls to CloudFront.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>

use aws_config::SdkConfig;
use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::types::{Invalidation, InvalidationBatch, Paths};

use super::error::{classify, not_sent, untold};
use crate::action::Call;
use crate::action::invalidate_cdn::caller_reference;
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

/// Sends one call of CloudFront, once.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let Call::CloudFrontInvalidate { distribution, paths, .. } = call else {
        return Err(not_sent("the call is not CloudFront's"));
    };
    let reference = caller_reference(permit.digest());
    let batch = batch(paths, &reference)?;
    let request = Client::new(config).create_invalidation().distribution_id(distribution).invalidation_batch(batch);
    permit.last_look()?;
    let output = request.send().await.map_err(|error| classify(&error))?;
    told(output.invalidation(), &reference)
}

fn batch(paths: &[String], reference: &str) -> Result<InvalidationBatch, ApplyError> {
    let quantity = i32::try_from(paths.len()).map_err(|_| not_sent("too many paths"))?;
    let paths = Paths::builder().quantity(quantity).set_items(Some(paths.to_vec())).build();
    let paths = paths.map_err(|error| not_sent(&error.to_string()))?;
    let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build();
    batch.map_err(|error| not_sent(&error.to_string()))
}

/// An answer that doesn't describe this plan's invalidation tells nothing.
fn told(found: Option<&Invalidation>, reference: &str) -> Result<Receipt, ApplyError> {
    let found = found.ok_or_else(|| untold("no invalidation"))?;
    let theirs = found.invalidation_batch().map(InvalidationBatch::caller_reference);
    if theirs.is_some_and(|theirs| theirs != reference) || found.id().is_empty() {
        return Err(untold("another invalidation"));
    }
    let said = Text::clean(&format!("invalidation {}, {}", found.id(), found.status()));
    Ok(Receipt { said, made: Some(found.id().to_owned()) })
}
