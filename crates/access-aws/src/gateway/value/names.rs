//! How our keys are called in API Gateway: name and tags that carry our ids, by which they are found again.

use access::{Intent, KeySecret};
use api_types::{AccountId, InstallationId, KeyId, OperationId, PlanName};

use crate::marks::{MANAGED_BY, TAG_MANAGED_BY};

/// Every name of this installation's keys begins so.
pub(crate) fn prefix(installation: InstallationId) -> String {
    format!("tollgate/{installation}/")
}

/// Which value of which key: what a name carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ValueName {
    pub(crate) key: KeyId,
    pub(crate) account: AccountId,
    pub(crate) operation: OperationId,
}

impl ValueName {
    /// The value that an intent is about.
    pub(crate) fn of(intent: &Intent) -> Self {
        Self { key: intent.key, account: intent.account, operation: intent.operation }
    }

    /// As API Gateway gets it: `tollgate/<installation>/<key>/<account>/<operation>`. Each part has one length, so that
    /// no name is the beginning of another: API Gateway finds names by their beginning.
    pub(crate) fn text(&self, installation: InstallationId) -> String {
        format!("{}{}/{}/{}", prefix(installation), self.key, self.account, self.operation)
    }

    /// Reads a name of this installation.
    pub(crate) fn parse(text: &str, installation: InstallationId) -> Option<Self> {
        let mut parts = text.strip_prefix(&prefix(installation))?.split('/');
        let (key, account, operation) = (parts.next()?, parts.next()?, parts.next()?);
        let name = Self { key: key.parse().ok()?, account: account.parse().ok()?, operation: operation.parse().ok()? };
        parts.next().is_none().then_some(name)
    }

    /// The tags, for people and their tools.
    pub(crate) fn tags(&self, installation: InstallationId, plan: &PlanName) -> [(String, String); 6] {
        [
            (TAG_MANAGED_BY.to_owned(), MANAGED_BY.to_owned()),
            ("tollgate:installation".to_owned(), installation.to_string()),
            ("tollgate:key".to_owned(), self.key.to_string()),
            ("tollgate:account".to_owned(), self.account.to_string()),
            ("tollgate:operation".to_owned(), self.operation.to_string()),
            ("tollgate:plan".to_owned(), plan.to_string()),
        ]
    }
}

/// The operation that makes this value: from the value's digest, so that the same value names the same operation.
pub(crate) fn operation_of(secret: &KeySecret) -> OperationId {
    let digest = access::KeyDigest::of(&data_encoding::HEXLOWER.encode(secret.digest().as_bytes()));
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    OperationId::from_random(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_no_other_installations_does() {
        let installation = InstallationId::from_random([1; 16]);
        let name = ValueName {
            key: KeyId::from_random([2; 16]),
            account: AccountId::from_random([3; 16]),
            operation: OperationId::from_random([4; 16]),
        };
        let text = name.text(installation);
        assert_eq!(ValueName::parse(&text, installation), Some(name));
        assert_eq!(ValueName::parse(&text, InstallationId::from_random([9; 16])), None);
        for wrong in [text[..text.len() - 1].to_owned(), format!("{text}/x"), "mine".to_owned()] {
            assert_eq!(ValueName::parse(&wrong, installation), None, "{wrong}");
        }
    }
}
