//! Makes derived schemas such as generated clients like: each variant of a union has a schema of its own, under its title,
//! and an object that is open says so in the plainest way.

use serde_json::Value;
use utoipa::openapi::{
    Components, Discriminator, Ref, RefOr,
    schema::{AdditionalProperties, Object, OneOf, Schema, SchemaType},
};

/// Moves the titled variants of every union among the components out of it, and says which field tells them apart.
pub fn name_variants(components: &mut Components) {
    let mut variants = Vec::new();
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::OneOf(union)) = schema {
            name_those_of(union, &mut variants);
        }
    }
    components.schemas.extend(variants);
}

/// Says `true` of objects that may hold anything beside their properties.
pub fn open_plainly(components: &mut Components) {
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        let is_anything = |more: &AdditionalProperties<Schema>| match more {
            AdditionalProperties::RefOr(RefOr::T(Schema::Object(of))) => of.schema_type == SchemaType::AnyValue,
            _ => false,
        };
        if object.additional_properties.as_deref().is_some_and(is_anything) {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
        }
    }
}

fn name_those_of(union: &mut OneOf, variants: &mut Vec<(String, RefOr<Schema>)>) {
    let mut discriminator = Discriminator::new("");
    for item in &mut union.items {
        let RefOr::T(Schema::Object(variant)) = item else { continue };
        let Some(title) = variant.title.clone() else { continue };
        let reference = Ref::from_schema_name(title.as_str());
        if let Some((field, value)) = tag(variant) {
            discriminator.property_name = field;
            discriminator.mapping.insert(value, reference.ref_location.clone());
        }
        variants.push((title, std::mem::replace(item, reference.into())));
    }
    if discriminator.mapping.len() == union.items.len() {
        union.discriminator = Some(discriminator);
    }
}

/// The field that has one value in this variant.
fn tag(variant: &Object) -> Option<(String, String)> {
    variant.properties.iter().find_map(|(name, property)| match property {
        RefOr::T(Schema::Object(Object { enum_values: Some(values), .. })) => match values.as_slice() {
            [Value::String(value)] => Some((name.clone(), value.clone())),
            _ => None,
        },
        _ => None,
    })
}
