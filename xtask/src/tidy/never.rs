//! What must not be among the dependencies, whatever the table of crates/README.md allows, and what some folders may name.

/// A crate of ours, and what must not be among its dependencies, nor among theirs.
pub(super) struct Pure {
    pub(super) name: &'static str,
    pub(super) never: &'static [&'static str],
    pub(super) why: &'static str,
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

pub(super) const PURE: &[Pure] = &[
    Pure { name: "sse", never: RUNTIMES_HTTP_AND_DRIVERS, why: "it splits and writes bytes, nothing else" },
    Pure { name: "api-types", never: RUNTIMES_HTTP_AND_DRIVERS, why: "the page compiles it too" },
    Pure { name: "access", never: RUNTIMES_HTTP_AND_DRIVERS, why: "it has no driver, no runtime and no HTTP" },
];

/// A folder of a crate of ours, and the crates that its files may name beside themselves.
pub(super) struct PureFolder {
    pub(super) folder: &'static str,
    pub(super) may_name: &'static [&'static str],
    pub(super) why: &'static str,
}

pub(super) const PURE_FOLDERS: &[PureFolder] = &[PureFolder {
    folder: "crates/access-sqlite/src/counting",
    may_name: &["access", "api_types", "jiff", "std"],
    why: "any store of exact counters can decide by it",
}];

/// What must not be in the server at all: one TLS provider, ring, for all that speaks TLS.
pub(super) const NEVER_IN_SERVER: &[(&str, &str)] = &[
    ("aws-lc-rs", "a second TLS provider"),
    ("aws-lc-sys", "a second TLS provider"),
    ("openssl", "a second TLS stack"),
    ("openssl-sys", "a second TLS stack"),
    ("native-tls", "a second TLS stack"),
];

/// Features of rustls that bring a provider; at most one may be on.
pub(super) const RUSTLS_PROVIDERS: &[&str] = &["ring", "aws_lc_rs", "aws-lc-rs"];

/// Crates of others that none of ours may name; a `*` at the end stands for any ending. Those whose table says `any` may.
pub(super) const NOWHERE: &[(&str, &str)] = &[
    ("sqlx*", "it can't share a workspace with rusqlite"),
    ("awc", "one crate calls the upstream, by a client of its own"),
    ("reqwest", "one crate calls the upstream, by a client of its own"),
    ("hyper*", "one crate calls the upstream, by a client of its own"),
];
