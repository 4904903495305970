//! The headers of answers, each described once among the document's components.

use serde_json::{Value, json};
use utoipa::openapi::{Components, Header, HeaderBuilder, Object, ObjectBuilder, Ref, RefOr, Response, schema::Type};

macro_rules! carried_headers {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// A header that answers may carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Carries {
            $($(#[$doc])+ $name,)+
        }

        const ALL: &[Carries] = &[$($name),+];
    };
}

carried_headers! {
    /// The request's id.
    RequestId,
    /// How long it may be kept.
    CacheControl,
    /// When to come back.
    RetryAfter,
    /// That coming back soon is no use.
    ShouldRetry,
    /// A quota's limit, as OpenAI tells it.
    LimitRequests,
    /// What is left of it.
    RemainingRequests,
    /// When it opens again.
    ResetRequests,
    /// The quota's rule, as the IETF's draft tells it.
    RateLimitPolicy,
    /// What is left of it.
    RateLimit,
    /// The methods that the path takes.
    Allow,
    /// The codings of a body that are understood.
    AcceptEncoding,
    /// How to say who one is.
    WwwAuthenticate,
    /// The page's cookies.
    SetCookie,
    /// How long the upstream worked.
    ProcessingMs,
    /// That a proxy on the way keeps nothing back.
    AccelBuffering,
    /// Names what came, to ask whether it is still the same.
    ETag,
    /// Where a list goes on.
    NextCursor,
    /// The same as a link.
    Link,
    /// That the call was answered before.
    IdempotencyReplayed,
}

use Carries::*;

/// All that tell a quota's figures.
pub const QUOTA: [Carries; 5] = [LimitRequests, RemainingRequests, ResetRequests, RateLimitPolicy, RateLimit];

/// What is said of a header.
struct Told {
    name: &'static str,
    description: &'static str,
    kind: Type,
    pattern: Option<&'static str>,
    example: Value,
}

impl Carries {
    fn told(self) -> Told {
        let text = |name, description, example: &str| Told {
            name,
            description,
            kind: Type::String,
            pattern: None,
            example: example.into(),
        };
        let number = |name, description, example: u32| Told {
            name,
            description,
            kind: Type::Integer,
            pattern: None,
            example: example.into(),
        };
        match self {
            RequestId => Told {
                pattern: Some("^req_[a-z2-7]{25}[aeimquy4]$"),
                ..text(
                    "x-request-id",
                    "The request's id, as in the server's log; tell it to whoever runs the server.",
                    "req_mfrggzdfmztwq2lknnwg23tpoa",
                )
            },
            CacheControl => text("cache-control", "`no-store`, unless the answer may be kept.", "no-store"),
            RetryAfter => Told {
                pattern: Some("^(?:[0-9]+|[A-Z][a-z]{2}, .* GMT)$"),
                ..text(
                    "retry-after",
                    "Seconds until another try is worth it. An upstream's own may be an HTTP date.",
                    "3600",
                )
            },
            ShouldRetry => Told {
                pattern: Some("^false$"),
                ..text(
                    "x-should-retry",
                    "`false` where trying again within a minute is no use; OpenAI's SDKs then don't. Else left out.",
                    "false",
                )
            },
            LimitRequests => number(
                "x-ratelimit-limit-requests",
                "Requests that the plan's period allows. Left out where the quota is unlimited or not known.",
                10,
            ),
            RemainingRequests => number("x-ratelimit-remaining-requests", "Requests that are left of it.", 7),
            ResetRequests => Told {
                pattern: Some("^(?:[0-9]+h)?(?:[0-9]+m)?[0-9]+s$"),
                ..text("x-ratelimit-reset-requests", "Time until the period ends, as Go writes it.", "7h12m5s")
            },
            RateLimitPolicy => text(
                "ratelimit-policy",
                "The quota by draft-ietf-httpapi-ratelimit-headers: `q` requests in a window of `w` seconds.",
                "\"daily\";q=10;w=86400",
            ),
            RateLimit => text(
                "ratelimit",
                "How it stands, by the same draft: `r` requests left, `t` seconds until the period ends.",
                "\"daily\";r=7;t=25925",
            ),
            Allow => text("allow", "The methods that the path takes. With a 405.", "GET, HEAD"),
            AcceptEncoding => text(
                "accept-encoding",
                "The content codings that a body may have. With a 415.",
                crate::extract::ACCEPTED_CODINGS,
            ),
            WwwAuthenticate => text("www-authenticate", "The scheme that `Authorization` takes.", "Bearer"),
            SetCookie => text(
                "set-cookie",
                "The page's two cookies, or what makes a browser forget them. Clients other than the page need none: the \
                 body says the same.",
                "tollgate_session=eyJhbGciOiJIUzI1NiJ9.e30.x; HttpOnly; SameSite=Strict; Path=/; Max-Age=900",
            ),
            ETag => text("etag", "For `If-None-Match`.", "\"5f0c1c9b8ad24e6f9b1d7c3a\""),
            NextCursor => Told {
                pattern: Some("^[0-9a-z]+$"),
                ..text(
                    "next-cursor",
                    "What to send as `cursor` for the next part, if there is one.",
                    "000001a1fd70f1c0nvqwy3dfoqqgcidmmfzguzlemu",
                )
            },
            Link => text(
                "link",
                "The next part as a link (RFC 8288), if there is one.",
                "</keys?limit=10&cursor=000001a1fd70f1c0nvqwy3dfoqqgcidmmfzguzlemu>; rel=\"next\"",
            ),
            IdempotencyReplayed => Told {
                pattern: Some("^true$"),
                ..text("idempotency-replayed", "`true` where the call is repeated. Else left out.", "true")
            },
            ProcessingMs => text("openai-processing-ms", "The upstream's own, passed on where it sends one.", "412"),
            AccelBuffering => Told {
                pattern: Some("^no$"),
                ..text("x-accel-buffering", "`no`: asks a proxy on the way to pass each event on as it comes.", "no")
            },
        }
    }

    fn component(self) -> String {
        format!("{self:?}")
    }

    fn described(self) -> Header {
        let Told { description, kind, pattern, example, .. } = self.told();
        let schema = ObjectBuilder::new().schema_type(kind).pattern(pattern);
        let schema: Object = if self.counts() { schema.minimum(Some(0)).build() } else { schema.build() };
        HeaderBuilder::new().schema(Some(schema)).description(Some(description)).example(Some(json!(example))).build()
    }

    fn counts(self) -> bool {
        matches!(self, LimitRequests | RemainingRequests)
    }
}

/// Says that a response may carry these.
pub fn attach(response: &mut Response, headers: &[Carries]) {
    for header in headers {
        let reference = Ref::new(format!("#/components/headers/{}", header.component()));
        response.headers.insert(header.told().name.to_owned(), RefOr::Ref(reference));
    }
}

/// Describes them all.
pub fn describe(components: &mut Components) {
    for header in ALL {
        components.headers.insert(header.component(), header.described().into());
    }
}
