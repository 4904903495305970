//! Who may sign up, and how far: the one place that decides it.

use api_types::{Email, ProblemCode, SignUpMode, Standing};

use crate::{
    config::{Domain, SignUpConfig},
    problem::ApiError,
};

/// What somebody of this address begins as. An invitation, whose being good the store decides in the step that uses it up,
/// stands for what the mode asks; a denied domain beats it.
///
/// # Errors
/// 403 `sign_up_refused`, with what would be taken.
pub fn decide(config: &SignUpConfig, email: &Email, is_invited: bool) -> Result<Standing, ApiError> {
    let refused = |detail: String| Err(ApiError::new(ProblemCode::SignUpRefused, detail));
    let is_of = |domains: &[Domain]| domains.iter().any(|domain| domain.as_str() == email.domain());
    if is_of(&config.denied_domains) {
        return refused("Addresses of this domain may not sign up here. Use another one.".to_owned());
    }
    if is_invited {
        return Ok(Standing::Active);
    }
    match config.mode {
        SignUpMode::Open => Ok(Standing::Active),
        SignUpMode::Approval => Ok(Standing::Waiting),
        SignUpMode::Invite => {
            refused("Sign-up is by invitation. Ask whoever runs this server for one, and open its link.".to_owned())
        }
        SignUpMode::Closed => refused("Sign-ups are closed. Ask whoever runs this server for an account.".to_owned()),
        SignUpMode::Domains if is_of(&config.allowed_domains) => Ok(Standing::Active),
        SignUpMode::Domains => {
            let domains: Vec<&str> = config.allowed_domains.iter().map(Domain::as_str).collect();
            refused(format!("Sign up with an address of {}.", domains.join(" or ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(config: &str, email: &str, is_invited: bool) -> Option<Standing> {
        decide(&toml::from_str(config).unwrap(), &Email::parse(email).unwrap(), is_invited).ok()
    }

    #[test]
    fn the_mode_decides_and_a_denied_domain_beats_it() {
        let domains = "mode = 'domains'\nallowed_domains = ['Example.com', 'b.org']\ndenied_domains = ['b.org']";
        for (config, email, standing) in [
            ("", "ada@example.com", Some(Standing::Active)),
            ("denied_domains = ['example.com']", "ada@EXAMPLE.com", None),
            ("denied_domains = ['example.com']", "ada@sub.example.com", Some(Standing::Active)),
            ("mode = 'approval'", "ada@example.com", Some(Standing::Waiting)),
            ("mode = 'approval'\ndenied_domains = ['example.com']", "ada@example.com", None),
            ("mode = 'closed'", "ada@example.com", None),
            ("mode = 'invite'", "ada@example.com", None),
            (domains, "ada@example.com", Some(Standing::Active)),
            (domains, "ada@b.org", None),
            (domains, "ada@sub.example.com", None),
            (domains, "ada@notexample.com", None),
            (domains, "example.com@other.org", None),
        ] {
            assert_eq!(begins(config, email, false), standing, "{config} {email}");
        }
    }

    #[test]
    fn an_invitation_stands_for_all_but_a_denied_domain() {
        for mode in ["open", "approval", "invite", "closed"] {
            let config = format!("mode = '{mode}'\ndenied_domains = ['b.org']");
            assert_eq!(begins(&config, "ada@example.com", true), Some(Standing::Active), "{mode}");
            assert_eq!(begins(&config, "ada@b.org", true), None, "{mode}");
        }
        let domains = "mode = 'domains'\nallowed_domains = ['b.org']";
        assert_eq!(begins(domains, "ada@example.com", true), Some(Standing::Active));
    }

    #[test]
    fn a_domain_is_a_domain() {
        for wrong in ["", "@example.com", "*.example.com", "example", "a b.com"] {
            let config = format!("denied_domains = ['{wrong}']");
            assert!(toml::from_str::<SignUpConfig>(&config).is_err(), "{wrong}");
        }
    }
}
