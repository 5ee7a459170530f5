//! What calls do to what stands around the services: caches and silences.

use super::super::SOURCE;
use super::super::log::Mutated;
use super::{SimulatedTarget, not_sent, rejected};
use crate::action::Call;
use crate::action::invalidate_cdn::caller_reference;
use crate::executor::target::{ApplyError, Permit, Receipt};
use crate::text::Text;

impl SimulatedTarget {
    /// A call of CloudFront, Cloudflare or Alertmanager.
    pub(super) fn around(&self, call: &Call, permit: &Permit<'_>) -> Result<Receipt, ApplyError> {
        match call {
            Call::CloudFrontInvalidate { distribution, paths, .. } => self.invalidate(distribution, paths, permit),
            Call::AlertmanagerSilence { matchers, starts, ends, comment, .. } => {
                let id = self.new_id("silence")?;
                let by = format!("{}@{}", permit.by().user, permit.by().host);
                let (matchers, comment) = (matchers.clone(), comment.clone());
                let silence = Mutated::Silenced { id: id.clone(), matchers, starts: *starts, ends: *ends, by, comment };
                self.made(SOURCE, silence, "silence", id)
            }
            Call::AlertmanagerExpire { id, .. } => {
                let there = self
                    .kept()?
                    .mutations
                    .into_iter()
                    .any(|mutation| matches!(mutation.change, Mutated::Silenced { id: known, .. } if known == *id));
                if !there {
                    return Err(rejected(&format!("silence {id} not found")));
                }
                self.change(SOURCE, Mutated::Unsilenced(id.clone()))?;
                Ok(Receipt::from(format!("silence {id} was ended")))
            }
            Call::CloudflarePurge { .. } => Err(rejected("the simulated fleet has no Cloudflare zone")),
            _ => Err(not_sent("not a call of this part of the fleet")),
        }
    }

    /// The same CallerReference is the same invalidation, as CloudFront has it.
    fn invalidate(&self, distribution: &str, paths: &[String], permit: &Permit<'_>) -> Result<Receipt, ApplyError> {
        let reference = caller_reference(permit.digest());
        let found = self.kept()?.mutations.into_iter().find_map(|mutation| match mutation.change {
            Mutated::Invalidated { id, reference: known, .. } if known == reference => Some(id),
            _ => None,
        });
        if let Some(id) = found {
            return Ok(Receipt { said: Text::clean(&format!("invalidation {id}")), made: Some(id) });
        }
        let id = self.new_id("I3SIMULATED")?;
        let change = Mutated::Invalidated { id: id.clone(), reference, paths: paths.to_vec() };
        self.made(distribution, change, "invalidation", id)
    }

    fn made(&self, of: &str, change: Mutated, kind: &str, id: String) -> Result<Receipt, ApplyError> {
        self.change(of, change)?;
        Ok(Receipt { said: Text::clean(&format!("{kind} {id}")), made: Some(id) })
    }

    /// An identifier that nothing has yet.
    fn new_id(&self, prefix: &str) -> Result<String, ApplyError> {
        Ok(format!("{prefix}-{}", self.kept()?.mutations.len() + 1))
    }
}
