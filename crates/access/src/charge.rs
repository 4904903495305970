//! The charge rule: which ended requests are spent and which are given back.

/// How far a request came before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Nothing was sent upstream: refused by us, or the upstream could not be reached.
    NotSent,
    /// Sending began; no acceptable answer had come.
    Sent,
    /// The upstream's head was accepted and will be, or was, passed on.
    Accepted,
    /// A byte of the answer went out.
    FirstByte,
}

/// The facts of a request's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// How far it came.
    pub phase: Phase,
    /// The upstream's HTTP status, if its head came; 502 where what came was a page and no API's answer.
    pub status: Option<u16>,
    /// Whether the caller left.
    pub caller_left: bool,
}

/// What happens to the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// It stays.
    Spent,
    /// It is given back to the pass's own period, within the period's bound on returns.
    Returned,
}

impl End {
    /// A request that we refused after admitting it, for example for its body.
    pub const REFUSED_BY_US: Self = Self { phase: Phase::NotSent, status: None, caller_left: false };

    /// The rule. *Returned*: never sent, no head in time, or upstream 3xx, 401, 402, 403, 408, 409, 429, 5xx, or a
    /// 2xx of the wrong content type or with an error in place of an answer. *Spent*: an accepted head, any other 4xx,
    /// a caller who left after we began to send.
    #[must_use]
    pub fn charge(self) -> Charge {
        match (self.phase, self.status) {
            (Phase::NotSent, _) => Charge::Returned,
            (Phase::Accepted | Phase::FirstByte, _) => Charge::Spent,
            (Phase::Sent, _) if self.caller_left => Charge::Spent,
            (Phase::Sent, Some(401..=403 | 408 | 409 | 429)) => Charge::Returned,
            (Phase::Sent, Some(400..=499)) => Charge::Spent,
            (Phase::Sent, _) => Charge::Returned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_case_by_case() {
        use Charge::{Returned, Spent};
        let sent = |status, caller_left| End { phase: Phase::Sent, status, caller_left }.charge();
        assert_eq!(End::REFUSED_BY_US.charge(), Returned);
        assert_eq!(End { caller_left: true, ..End::REFUSED_BY_US }.charge(), Returned);
        for status in [200, 204, 301, 302, 401, 402, 403, 408, 409, 429, 500, 502, 503, 599] {
            assert_eq!(sent(Some(status), false), Returned, "{status}");
        }
        for status in [400, 404, 413, 422] {
            assert_eq!(sent(Some(status), false), Spent, "{status}");
        }
        assert_eq!(sent(None, false), Returned);
        assert_eq!(sent(None, true), Spent);
        for phase in [Phase::Accepted, Phase::FirstByte] {
            for caller_left in [false, true] {
                assert_eq!(End { phase, status: Some(200), caller_left }.charge(), Spent);
            }
        }
    }
}
