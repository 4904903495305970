//! Schemas of the OpenAPI document whose bounds are those of `limits.rs`, or that no derive can tell.

use utoipa::openapi::{
    KnownFormat, Object, ObjectBuilder, SchemaFormat,
    schema::{ArrayBuilder, Schema, SchemaType, Type},
};

use crate::limits::{
    AUDIT_NOTE_MAX_CHARS, EMAIL_LOCAL_MAX_BYTES, EMAIL_MAX_BYTES, KEY_LABEL_MAX_CHARS, OLD_VALUES_MAX,
    PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, PLAN_NAME_MAX_BYTES, ROTATION_GRACE_MAX_SECONDS,
};

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn text_as(format: KnownFormat) -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(format)))
}

/// A password that somebody chooses.
pub(crate) fn new_password() -> Object {
    let bounds =
        text_as(KnownFormat::Password).min_length(Some(PASSWORD_MIN_CHARS)).max_length(Some(PASSWORD_MAX_CHARS));
    bounds.description(Some("Common passwords, runs of characters and the email address are refused.")).build()
}

/// A password that somebody has.
pub(crate) fn password() -> Object {
    text_as(KnownFormat::Password).min_length(Some(1)).max_length(Some(PASSWORD_MAX_CHARS)).build()
}

/// How long an old value goes on working.
pub(crate) fn grace_seconds() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .description(Some(
            "How long the value that is replaced still works, in seconds. What was promised to earlier values stays.",
        ))
        .minimum(Some(0))
        .maximum(Some(ROTATION_GRACE_MAX_SECONDS))
        .default(Some(0.into()))
        .build()
}

/// Until when each of a key's old values works.
pub(crate) fn old_values_until() -> Schema {
    let times = ArrayBuilder::new().items(text_as(KnownFormat::DateTime)).max_items(Some(OLD_VALUES_MAX));
    times.description(Some("Until when each of its old values still works, the first end first.")).build().into()
}

const LABEL: &str = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

/// An email address.
pub(crate) fn email() -> Object {
    // Not `format: email`, which is RFC 5321's: this is the rule of the pages' own fields, which differs.
    text()
        .description(Some("An email address in ASCII. Spaces around it are taken off, and it is read in lower case."))
        .pattern(Some(format!(
            "^[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,{EMAIL_LOCAL_MAX_BYTES}}}@{LABEL}(?:\\.{LABEL})+$"
        )))
        .max_length(Some(EMAIL_MAX_BYTES))
        .build()
}

/// What stands behind an address's `@`.
pub(crate) fn domain() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The domain whose addresses it is for, such as `example.com`; a subdomain is another one."))
        .pattern(Some(format!("^{LABEL}(?:\\.{LABEL})+$")))
        .max_length(Some(EMAIL_MAX_BYTES - 2))
        .build()
}

/// A plan's name.
pub(crate) fn plan_name() -> Object {
    text()
        .description(Some(
            "A plan's name: letters and digits of any script, spaces within, and `- _ . : / +`; at most 64 bytes.",
        ))
        .pattern(Some(r"^[\p{L}\p{N}_.:/+-](?:[\p{L}\p{N} _.:/+-]*[\p{L}\p{N}_.:/+-])?$"))
        .min_length(Some(1))
        .max_length(Some(PLAN_NAME_MAX_BYTES))
        .examples(["10RequestPerDay"])
        .build()
}

/// A key's label.
pub(crate) fn key_label() -> Object {
    text()
        .description(Some("A key's label: its owner's own words, one line; may be empty."))
        .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"))
        .max_length(Some(KEY_LABEL_MAX_CHARS))
        .examples(["laptop"])
        .build()
}

/// Why an operator did something.
pub(crate) fn audit_note() -> Object {
    text()
        .description(Some("Why an operator did something, in their own words: one line."))
        .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"))
        .max_length(Some(AUDIT_NOTE_MAX_CHARS))
        .examples(["shares the key in public"])
        .build()
}

/// Gives a type the schema that a function here makes.
macro_rules! has_schema {
    ($name:ident, $made:ident) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                crate::schemas::$made().into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use has_schema;
