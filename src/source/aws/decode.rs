//! Small conversions that all AWS decoders share.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::text::Text;

/// The SDK's time as ours; `None` where it lies outside of years −9999 to 9999.
pub(super) fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

/// Text that may be missing.
pub(super) fn text(raw: Option<&str>) -> Text {
    Text::clean(raw.unwrap_or_default())
}

/// What stands after the last `/` of an ARN: `family:revision` of a task definition, the identifier of a task.
pub(super) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
