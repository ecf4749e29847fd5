//! What is found in a file of an audit.

use qedex_primitives::audits::{AuditFault, AuditOutcome, PickNews};
use qkms::{
    audit::{AuditFile, Expected, Found, check},
    records::{Keys, Signed},
};

/// Checks the file that a key service gave for a block that was picked: against what the chain has fixed, and
/// the records and keys that the agent's own service tells of that epoch.
pub fn judge(bytes: &[u8], pick: &PickNews, keys: Keys, records: &[Signed]) -> AuditOutcome {
    let file = match AuditFile::from_bytes(bytes) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(%error, "an audit fails");
            return AuditOutcome::Failed(AuditFault::File);
        }
    };
    let expected = Expected {
        keys: Some(keys),
        root: Some(pick.says.root.0),
        challenge: Some(pick.challenge.0),
        records: records.to_vec(),
        delivered: Vec::new(),
        loose: false,
    };
    match check(&file, &expected) {
        Ok(audited) => {
            let same =
                audited.epoch == pick.says.epoch.0 && audited.keyed == u64::from(pick.says.keyed);
            if same { AuditOutcome::Passed } else { AuditOutcome::Failed(AuditFault::Count) }
        }
        Err(found) => {
            tracing::warn!(%found, "an audit fails");
            AuditOutcome::Failed(fault(&found))
        }
    }
}

/// The kind of what was found, as the chain names it.
fn fault(found: &Found) -> AuditFault {
    match found {
        Found::Key(_) => AuditFault::Keys,
        Found::Number(_) | Found::Record { .. } | Found::OtherRecord(_) | Found::Fork(_) => {
            AuditFault::Records
        }
        Found::Root(_) => AuditFault::Root,
        Found::Challenge => AuditFault::Challenge,
        Found::NotPicked { .. } => AuditFault::OtherBlock,
        Found::Loose { .. } => AuditFault::Terms,
        Found::ReusedSeed { .. } => AuditFault::Seed,
        Found::Raw(_) | Found::Unreadable(..) => AuditFault::Raw,
        Found::Health(..) | Found::Sick(..) => AuditFault::Health,
        Found::Transcript | Found::Message(_) | Found::Differs { .. } => AuditFault::Messages,
        Found::Count { .. } => AuditFault::Count,
        Found::NoKey(_) | Found::OtherKey(_) => AuditFault::Key,
        Found::Delivered(_) => AuditFault::Delivered,
    }
}
