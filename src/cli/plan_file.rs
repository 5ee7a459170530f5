//! The file between `plan` and `apply`.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::action::plan::SCHEMA;
use crate::action::{Decision, Judged, Plan, Verdict};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// What `plan` prints as JSON and writes for `apply`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlanFile {
    /// `quarterdeck.plan/1`.
    pub(super) schema: String,
    /// The plan's digest.
    pub(super) digest: String,
    /// The worst verdict.
    pub(super) decision: Decision,
    /// All verdicts.
    pub(super) verdicts: Vec<Verdict>,
    /// The plan.
    pub(super) plan: Plan,
}

impl PlanFile {
    pub(super) fn of(judged: &Judged) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            digest: judged.plan.digest(),
            decision: judged.decision(),
            verdicts: judged.verdicts.clone(),
            plan: judged.plan.clone(),
        }
    }

    /// Writes it, for its owner only.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let mut file = file.with_context(|| format!("{}: can't be written", path.display()))?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        Ok(file.write_all(b"\n")?)
    }

    /// Reads it. Whether the plan is still the one that was written is the caller's to ask: [`Self::is_whole`].
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let place = path.display();
        let mut text = String::new();
        let file = std::fs::File::open(path).with_context(|| format!("{place}: can't be read"))?;
        file.take(LARGEST + 1).read_to_string(&mut text).with_context(|| format!("{place}: can't be read"))?;
        if text.len() as u64 > LARGEST {
            bail!("{place}: is larger than {LARGEST} bytes; this is no plan");
        }
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> anyhow::Result<Self> {
        let place = path.display();
        let file: Self = serde_json::from_str(text)
            .with_context(|| format!("{place}: is not a plan; write one with `quarterdeck plan … --out FILE`"))?;
        if file.schema != SCHEMA || file.plan.schema != SCHEMA {
            bail!("{place}: has schema `{}`, this Quarterdeck reads `{SCHEMA}`; make the plan again", file.schema);
        }
        Ok(file)
    }

    /// Whether the plan is the one that its digest was taken of.
    pub(super) fn is_whole(&self) -> bool {
        self.plan.digest() == self.digest
    }
}

/// Reads any bytes as a plan's file, for [`crate::fuzzing`]: one that is taken for whole is so after it was written again.
pub(crate) fn decode_any(data: &[u8]) {
    let Ok(file) = PlanFile::parse(&String::from_utf8_lossy(data), Path::new("fuzz.json")) else { return };
    let _ = file.plan.summary();
    let again = serde_json::to_string(&file).ok().and_then(|text| serde_json::from_str::<PlanFile>(&text).ok());
    let again = again.map(|again| (again.plan.digest(), again.is_whole()));
    assert_eq!(again, Some((file.plan.digest(), file.is_whole())), "what is written is what is read");
}
