//! Answers that carry headers of their own, as components of the OpenAPI document.

use std::collections::BTreeMap;

use api_types::{AuditEntry, CreatedKey, KeyEntry, KeyStatus, Person, Plan, SessionEntry, SessionTokens};
use serde_json::json;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{
        Components, ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        link::LinkBuilder,
        schema::{ArrayBuilder, Schema},
    },
};

use super::{
    components::{self, Documented},
    headers::{
        self,
        Carries::{self, ETag, IdempotencyReplayed, Link, NextCursor, SetCookie},
    },
};

macro_rules! answers {
    ($(
        $(#[doc = $text:literal])+ $name:ident = $status:literal [$($header:ident),*] $($one_or_list:ident $body:ident)?;
    )+) => {
        $(
            $(#[doc = $text])+
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    components::referenced($status, stringify!($name))
                }
            }
        )+

        fn plain() -> Vec<Documented> {
            vec![$(Documented {
                name: stringify!($name),
                response: answer(
                    concat!($($text),+).trim(), &[$($header),*], None::<RefOr<Schema>>$(.or(Some($one_or_list::<$body>())))?,
                ),
            }),+]
        }

        /// Describes what they hold.
        pub fn describe_bodies(components: &mut Components) {
            $($(components::describe::<$body>(components);)?)+
        }
    };
}

answers! {
    /// Signed up and signed in.
    SignedUp = "201" [SetCookie] one SessionTokens;
    /// Signed in. The tokens come in cookies too, unless a refresh token was asked for.
    SessionStarted = "200" [SetCookie] one SessionTokens;
    /// Done, and the session has ended.
    SessionEnded = "204" [SetCookie];
    /// The account's sessions.
    SessionsListed = "200" [] list SessionEntry;
    /// The plans.
    PlansListed = "200" [ETag] list Plan;
    /// What the caller has is still the same.
    NotModified = "304" [ETag];
    /// The caller's keys, or a part of them.
    KeysListed = "200" [NextCursor, Link] list KeyEntry;
    /// People, or a part of them.
    PeopleListed = "200" [NextCursor, Link] list Person;
    /// Entries of the audit, or a part of them.
    AuditListed = "200" [NextCursor, Link] list AuditEntry;
    /// The key with its value, which can't be shown again.
    KeyCreated = "200" [IdempotencyReplayed] one CreatedKey;
    /// The key with its new value, which can't be shown again.
    KeyShown = "200" [] one CreatedKey;
    /// The key's plan, and how much of its quota is used.
    KeyTold = "200" [] one KeyStatus;
}

/// All of them.
pub fn all() -> Vec<Documented> {
    let mut all = plain();
    for Documented { name, response } in &mut all {
        match *name {
            "KeyTold" => headers::attach(response, &headers::QUOTA),
            "KeyCreated" | "KeyShown" => {
                for (name, operation) in [
                    ("change", "change_key"),
                    ("rotate", "rotate_key"),
                    ("usage", "list_usage"),
                    ("revoke", "revoke_key"),
                ] {
                    let link = LinkBuilder::new().operation_id(operation).parameter("id", "$response.body#/id");
                    response.links.insert(name.to_owned(), link.build().into());
                }
            }
            "SessionStarted" => {
                // There is a refresh token where it was asked for.
                let body = json!({"refresh_token": "$response.body#/refresh_token"});
                let link = LinkBuilder::new().operation_id("refresh_session").request_body(Some(body));
                response.links.insert("refresh".to_owned(), link.build().into());
            }
            _ => {}
        }
    }
    all
}

fn one<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn list<T: ToSchema>() -> RefOr<Schema> {
    ArrayBuilder::new().items(one::<T>()).into()
}

fn answer(description: &str, carried: &[Carries], body: Option<RefOr<Schema>>) -> Response {
    let mut response = ResponseBuilder::new().description(description);
    if let Some(body) = body {
        response = response.content("application/json", ContentBuilder::new().schema(Some(body)).build());
    }
    let mut response = response.build();
    headers::attach(&mut response, carried);
    response
}
