//! Which crate may depend on which: the table that `cargo xtask tidy` holds against `cargo metadata`.
//!
//! Two columns and a roof: `access` knows who may call and how much, `proxy` knows how to call and how to stream, neither
//! knows the other, and `api` joins them.

/// One of our crates, and those of ours that it may depend on.
pub(crate) struct Edges {
    pub(crate) name: &'static str,
    pub(crate) may_use: Ours,
}

pub(crate) enum Ours {
    Only(&'static [&'static str]),
    /// Tests and measurements see the whole.
    Any,
}

/// Dependencies for tests are not in this table, but for their own rule: a backend's tests may use `access`, whose
/// conformance suite they run.
pub(crate) const EDGES: &[Edges] = &[
    Edges { name: "sse", may_use: Ours::Only(&[]) },
    Edges { name: "api-types", may_use: Ours::Only(&[]) },
    Edges { name: "access", may_use: Ours::Only(&["api-types"]) },
    Edges { name: "access-sqlite", may_use: Ours::Only(&["access", "api-types"]) },
    Edges { name: "access-postgres", may_use: Ours::Only(&["access", "api-types"]) },
    Edges { name: "access-redis", may_use: Ours::Only(&["access", "api-types"]) },
    Edges { name: "access-aws", may_use: Ours::Only(&["access", "api-types"]) },
    Edges { name: "proxy", may_use: Ours::Only(&["api-types", "sse"]) },
    Edges {
        name: "api",
        may_use: Ours::Only(&[
            "access",
            "access-aws",
            "access-postgres",
            "access-redis",
            "access-sqlite",
            "api-types",
            "proxy",
            "sse",
        ]),
    },
    Edges { name: "frontend", may_use: Ours::Only(&["api-types", "sse"]) },
    Edges { name: "tests", may_use: Ours::Any },
    Edges { name: "bench", may_use: Ours::Any },
    Edges { name: "bindgen", may_use: Ours::Only(&[]) },
    Edges { name: "xtask", may_use: Ours::Only(&[]) },
];

/// A crate of others, and the only ones of ours that may name it. A `*` at the end stands for any ending. Tests' own
/// dependencies are free.
pub(crate) struct Wall {
    pub(crate) dependency: &'static str,
    pub(crate) only: &'static [&'static str],
    pub(crate) why: &'static str,
}

pub(crate) const WALLS: &[Wall] = &[
    Wall { dependency: "rusqlite", only: &["access-sqlite", "tests"], why: "one crate knows SQLite" },
    Wall { dependency: "sqlx*", only: &[], why: "it can't share a workspace with rusqlite" },
    Wall { dependency: "tokio-postgres*", only: &["access-postgres", "tests"], why: "one crate knows Postgres" },
    Wall { dependency: "deadpool*", only: &["access-postgres"], why: "one crate knows Postgres" },
    Wall { dependency: "redis", only: &["access-redis", "tests"], why: "one crate knows Redis" },
    Wall { dependency: "aws-*", only: &["access-aws"], why: "one crate knows AWS" },
    Wall { dependency: "awc", only: &["proxy", "tests", "bench"], why: "one crate calls the upstream" },
    Wall { dependency: "reqwest", only: &["tests", "bench"], why: "one crate calls the upstream, by awc" },
    Wall { dependency: "hyper*", only: &["tests", "bench"], why: "one crate calls the upstream, by awc" },
    Wall { dependency: "actix-web", only: &["api", "tests", "bench"], why: "one crate speaks HTTP to callers" },
    Wall { dependency: "jsonwebtoken", only: &["api", "tests"], why: "one crate signs people in" },
    Wall { dependency: "argon2", only: &["api", "tests"], why: "one crate signs people in" },
    Wall { dependency: "leptos*", only: &["frontend"], why: "one crate is the page" },
    Wall { dependency: "gloo*", only: &["frontend"], why: "one crate is the page" },
    Wall { dependency: "web-sys", only: &["frontend"], why: "one crate is the page" },
];

/// A crate of ours, and what must not be among its dependencies, nor among theirs.
pub(crate) struct Pure {
    pub(crate) name: &'static str,
    pub(crate) never: &'static [&'static str],
    pub(crate) why: &'static str,
}

const RUNTIMES_HTTP_AND_DRIVERS: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "actix*",
    "axum*",
    "hyper*",
    "http",
    "reqwest",
    "awc",
    "rusqlite",
    "libsqlite3-sys",
    "sqlx*",
    "tokio-postgres",
    "redis",
    "aws-*",
];

pub(crate) const PURE: &[Pure] = &[
    Pure { name: "sse", never: RUNTIMES_HTTP_AND_DRIVERS, why: "it splits and writes bytes, nothing else" },
    Pure { name: "api-types", never: RUNTIMES_HTTP_AND_DRIVERS, why: "the page compiles it too" },
    Pure { name: "access", never: RUNTIMES_HTTP_AND_DRIVERS, why: "it has no driver, no runtime and no HTTP" },
];

/// What must not be in the server at all: one TLS provider, ring, for all that speaks TLS.
pub(crate) const NEVER_IN_SERVER: &[(&str, &str)] = &[
    ("aws-lc-rs", "a second TLS provider"),
    ("aws-lc-sys", "a second TLS provider"),
    ("openssl", "a second TLS stack"),
    ("openssl-sys", "a second TLS stack"),
    ("native-tls", "a second TLS stack"),
];

/// Features of rustls that bring a provider; at most one may be on.
pub(crate) const RUSTLS_PROVIDERS: &[&str] = &["ring", "aws_lc_rs", "aws-lc-rs"];

/// Whether a pattern of these tables means this crate.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
