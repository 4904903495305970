//! How often somebody may sign up, and fail to sign in.

use std::time::Duration;

use access::{HeldTry, HoldError, TryKey, TryRule};
use api_types::{Email, Timestamp};

use crate::{
    config::AccountsConfig,
    source::Source,
    tries::{FAILURE_WINDOW, KeyedTries, NoTry, Try, TryLimit},
};

/// In which sign-ups count.
const SIGN_UP_WINDOW: Duration = Duration::from_secs(60 * 60);

/// For so many seconds a process believes the store that a limit is reached: what is under way elsewhere may end well.
const BELIEVED: u64 = 1;

/// The limits, each by its source. Where replicas share them, the store has the last word, before any work is done.
pub struct SignInLimits {
    sign_ups: TryLimit<Source>,
    /// Failed sign-ins to one account.
    sign_ins: TryLimit<(Source, Email)>,
    /// Failed sign-ins to any account.
    sign_ins_of_source: TryLimit<Source>,
    shared: Option<KeyedTries>,
}

/// A try under way, here and where replicas share it. Dropped, it costs nothing.
pub struct SignInTry<'a> {
    of_source: Option<Try<'a, Source>>,
    of_pair: Option<Try<'a, (Source, Email)>>,
    held: Option<HeldTry>,
}

impl SignInLimits {
    /// Nothing counted yet, but for what the replicas share.
    #[must_use]
    pub fn new(most: &AccountsConfig, shared: Option<KeyedTries>) -> Self {
        Self {
            sign_ups: TryLimit::new(most.sign_ups_per_hour, SIGN_UP_WINDOW),
            sign_ins: TryLimit::new(most.failed_sign_ins, FAILURE_WINDOW),
            sign_ins_of_source: TryLimit::new(most.failed_sign_ins_per_source, FAILURE_WINDOW),
            shared,
        }
    }

    /// Begins a sign-up.
    ///
    /// # Errors
    /// When there were too many, or nobody can tell.
    pub async fn sign_up(&self, source: Source, now: Timestamp) -> Result<SignInTry<'_>, NoTry> {
        let of_source = Some(self.sign_ups.begin(source, now)?);
        let of = self.source_key("sign-up", &self.sign_ups, &source);
        self.hold(SignInTry { of_source, of_pair: None, held: None }, of, None, now).await
    }

    /// Begins a sign-in to an account.
    ///
    /// # Errors
    /// When too many failed, or nobody can tell.
    pub async fn sign_in(&self, source: Source, email: &Email, now: Timestamp) -> Result<SignInTry<'_>, NoTry> {
        let of_source = Some(self.sign_ins_of_source.begin(source, now)?);
        let of_pair = Some(self.sign_ins.begin((source, email.clone()), now)?);
        let (key, pair) =
            (self.source_key("sign-in", &self.sign_ins_of_source, &source), self.pair_key(&source, email));
        self.hold(SignInTry { of_source, of_pair, held: None }, key, pair, now).await
    }

    /// Begins what tells whether an account or a link is there, which counts like a sign-in.
    ///
    /// # Errors
    /// When too many failed, or nobody can tell.
    pub async fn question(&self, source: Source, now: Timestamp) -> Result<SignInTry<'_>, NoTry> {
        let of_source = Some(self.sign_ins_of_source.begin(source, now)?);
        let of = self.source_key("sign-in", &self.sign_ins_of_source, &source);
        self.hold(SignInTry { of_source, of_pair: None, held: None }, of, None, now).await
    }

    /// Begins a look at the password of somebody who is signed in, which counts like a sign-in to that account.
    ///
    /// # Errors
    /// When too many failed, or nobody can tell.
    pub async fn password(&self, source: Source, email: &Email, now: Timestamp) -> Result<SignInTry<'_>, NoTry> {
        let of_pair = Some(self.sign_ins.begin((source, email.clone()), now)?);
        self.hold(SignInTry { of_source: None, of_pair, held: None }, None, self.pair_key(&source, email), now).await
    }

    fn source_key(&self, kind: &str, limit: &TryLimit<Source>, source: &Source) -> Option<(TryKey, TryRule)> {
        Some((self.shared.as_ref()?.key(kind, source, ""), limit.rule()))
    }

    fn pair_key(&self, source: &Source, email: &Email) -> Option<(TryKey, TryRule)> {
        Some((self.shared.as_ref()?.key("sign-in to", source, email.as_str()), self.sign_ins.rule()))
    }

    /// Holds it for all replicas too, where they share it.
    async fn hold<'a>(
        &self,
        mut begun: SignInTry<'a>,
        source: Option<(TryKey, TryRule)>,
        pair: Option<(TryKey, TryRule)>,
        now: Timestamp,
    ) -> Result<SignInTry<'a>, NoTry> {
        let Some(shared) = &self.shared else { return Ok(begun) };
        match shared.store.hold(source.into_iter().chain(pair).collect(), now).await {
            Ok(held) => {
                begun.held = Some(held);
                Ok(begun)
            }
            Err(HoldError::TooMany(key, seconds)) => {
                let is_pair = pair.is_some_and(|(pair, _)| pair == key);
                match (begun.of_source.take(), begun.of_pair.take()) {
                    (_, Some(of_pair)) if is_pair => of_pair.close(BELIEVED, seconds, now),
                    (Some(of_source), _) => of_source.close(BELIEVED, seconds, now),
                    _ => {}
                }
                Err(NoTry::Counted(seconds))
            }
            Err(HoldError::Store(error)) => Err(NoTry::Unknown(error)),
        }
    }
}

impl SignInTry<'_> {
    /// It counts.
    pub fn count(self, now: Timestamp) {
        if let Some(of_source) = self.of_source {
            of_source.count(now);
        }
        if let Some(of_pair) = self.of_pair {
            of_pair.count(now);
        }
        if let Some(held) = self.held {
            held.keep();
        }
    }
}
