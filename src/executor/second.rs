//! Plans that wait for a second person, and their yes; kept in the state directory that both share.

use rusqlite::{Connection, params};

use super::journal::{Journal, JournalError};
use crate::action::plan::digest_of;
use crate::action::{Operator, Plan, SecondYes};
use crate::clock::Now;
use crate::store::StoreError;
use crate::text::Text;

/// Additive: a Quarterdeck that knows nothing of it leaves it alone.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS proposals (
    digest TEXT PRIMARY KEY,
    plan TEXT NOT NULL,
    by TEXT NOT NULL,
    expires TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS seconds (
    digest TEXT NOT NULL REFERENCES proposals (digest) ON DELETE CASCADE,
    by TEXT NOT NULL,
    login INTEGER,
    caller TEXT,
    at TEXT NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (digest, by)
) STRICT;
";

/// The least of a digest that names a plan.
pub const SHORTEST: usize = 8;

/// A plan that waits for a second person.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The plan.
    pub plan: Plan,
    /// Who made it.
    pub by: Operator,
    /// The ARN of their AWS credentials, where AWS was asked.
    pub caller: Option<Text>,
}

/// Whom the kernel's audit says that this process belongs to; `None` where it is not known.
pub fn login() -> Option<u32> {
    let login = std::fs::read_to_string("/proc/self/loginuid").ok()?.trim().parse().ok()?;
    (login != u32::MAX).then_some(login)
}

impl Journal {
    /// Keeps a plan until a second person looked at it or it expires.
    ///
    /// # Errors
    /// What is approved holds a secret, or it can't be written. A secret in the evidence is covered.
    pub fn propose(&self, plan: &Plan, by: &Operator, now: Now) -> Result<(), JournalError> {
        let mut body = serde_json::to_value(plan)?;
        if self.store().mask().cover(&mut body) && digest_of(body.clone()) != plan.digest() {
            return Err(JournalError::SecretInPlan);
        }
        let (body, by) = (body.to_string(), serde_json::to_string(by)?);
        self.store().write(|connection| {
            connection.execute_batch(TABLES)?;
            connection.execute("DELETE FROM proposals WHERE expires < ?1", [now.wall.to_string()])?;
            connection.execute(
                "INSERT OR IGNORE INTO proposals (digest, plan, by, expires) VALUES (?1, ?2, ?3, ?4)",
                params![plan.digest(), body, by, plan.expires.to_string()],
            )?;
            Ok(())
        })
    }

    /// The plan of that digest, of which the beginning is enough.
    ///
    /// # Errors
    /// There is none, the beginning is too short or fits several, what is kept is not what its digest was taken of, or it
    /// can't be read.
    pub fn proposal(&self, digest: &str) -> Result<Proposal, JournalError> {
        let connection = self.store().lock();
        let mut found: Vec<(String, String, String)> = Vec::new();
        if digest.len() >= SHORTEST && connection.table_exists(None, "proposals")? {
            let sql = "SELECT digest, plan, by FROM proposals WHERE substr(digest, 1, length(?1)) = ?1 LIMIT 2";
            let mut query = connection.prepare_cached(sql)?;
            let rows = query.query_map([digest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            found = rows.collect::<Result<_, _>>()?;
        }
        match found.as_slice() {
            [(whole, plan, by)] => {
                let (plan, by): (Plan, Operator) = (serde_json::from_str(plan)?, serde_json::from_str(by)?);
                let caller = plan.observation.identity.as_ref().map(|identity| identity.arn.clone());
                let same = plan.digest() == *whole;
                same.then_some(Proposal { plan, by, caller }).ok_or_else(|| JournalError::NoProposal(digest.to_owned()))
            }
            [] => Err(JournalError::NoProposal(digest.to_owned())),
            _ => Err(JournalError::Ambiguous(digest.to_owned())),
        }
    }

    /// Writes a second person's yes down; a later one of the same person takes its place.
    ///
    /// # Errors
    /// The plan is no longer kept, or it can't be written.
    pub fn agree(&self, yes: &SecondYes) -> Result<(), JournalError> {
        let by = serde_json::to_string(&yes.by)?;
        self.store().write(|connection| {
            connection.execute(
                "INSERT OR REPLACE INTO seconds (digest, by, login, caller, at, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    yes.digest,
                    by,
                    yes.login,
                    yes.caller.as_ref().map(Text::as_str),
                    yes.at.to_string(),
                    yes.until.to_string()
                ],
            )?;
            Ok(())
        })
    }

    /// Everybody's yes to a plan.
    ///
    /// # Errors
    /// They can't be read.
    pub fn seconds(&self, digest: &str) -> Result<Vec<SecondYes>, JournalError> {
        Ok(seconds(&self.store().lock(), digest)?)
    }
}

fn seconds(connection: &Connection, digest: &str) -> Result<Vec<SecondYes>, StoreError> {
    if !connection.table_exists(None, "seconds")? {
        return Ok(Vec::new());
    }
    let sql = "SELECT by, login, caller, at, until FROM seconds WHERE digest = ?1 ORDER BY at";
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query([digest])?;
    let mut yeses = Vec::new();
    while let Some(row) = rows.next()? {
        let (by, at, until): (String, String, String) = (row.get(0)?, row.get(3)?, row.get(4)?);
        let caller: Option<String> = row.get(2)?;
        yeses.push(SecondYes {
            digest: digest.to_owned(),
            by: serde_json::from_str(&by)?,
            login: row.get(1)?,
            caller: caller.map(|caller| Text::clean(&caller)),
            at: at.parse()?,
            until: until.parse()?,
        });
    }
    Ok(yeses)
}
