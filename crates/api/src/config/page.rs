//! `[page]`: the operator's own name, mark, colour and line of contact.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error as _};
use validator::Validate;

/// `[page]`
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PageConfig {
    /// What the page and the documentation call this installation.
    #[validate(length(min = 1, max = 40, message = "must have 1 to 40 characters"))]
    pub name: String,
    /// A picture in place of the mark: an SVG or PNG file.
    pub logo: Option<PathBuf>,
    /// The accent colour.
    pub accent: Option<Accent>,
    /// Whom to ask, in the page's foot; addresses in it become links.
    #[validate(length(max = 200, message = "must have at most 200 characters"))]
    pub contact: String,
}

impl Default for PageConfig {
    fn default() -> Self {
        Self { name: "Tollgate".to_owned(), logo: None, accent: None, contact: String::new() }
    }
}

/// A colour that can be read on the page's light ground, and its sisters for the other places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    light: Rgb,
    dark: Rgb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rgb([u8; 3]);

/// What WCAG 2 asks of text and its ground.
const LEAST_CONTRAST: f64 = 4.5;
/// The page's grounds and the texts on the accent, as `frontend/style/tokens.css` has them.
const LIGHT_GROUND: Rgb = Rgb([0xf1, 0xf0, 0xea]);
const DARK_GROUND: Rgb = Rgb([0x19, 0x1f, 0x1d]);
const WHITE: Rgb = Rgb([0xff; 3]);
const INK: Rgb = Rgb([0x0c, 0x10, 0x0f]);

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    fn css(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// WCAG's relative luminance, 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let Self([red, green, blue]) = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(two) / one.min(two)
    }

    /// So many hundredths of the way to another colour.
    fn towards(self, other: Self, hundredths: u32) -> Self {
        let mix = |from: u8, to: u8| {
            let mixed = (u32::from(from) * (100 - hundredths) + u32::from(to) * hundredths) / 100;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        let (Self([r, g, b]), Self([to_r, to_g, to_b])) = (self, other);
        Self([mix(r, to_r), mix(g, to_g), mix(b, to_b)])
    }

    /// Whichever of the two texts is read better on it.
    fn text(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(INK) { WHITE } else { INK }
    }
}

impl Accent {
    /// Reads `#rrggbb`.
    ///
    /// # Errors
    /// What to write instead: another form, or a darker colour.
    pub fn parse(text: &str) -> Result<Self, String> {
        let light = Rgb::parse(text).ok_or("must be a colour like \"#0f5c56\"")?;
        let contrast = light.contrast(LIGHT_GROUND);
        if contrast < LEAST_CONTRAST {
            return Err(format!(
                "has a contrast of {contrast:.1} on the page's ground and needs {LEAST_CONTRAST}: take a darker colour"
            ));
        }
        // Lighter by as little as dark grounds ask for; white itself has enough.
        let fits = |colour: &Rgb| colour.contrast(DARK_GROUND) >= LEAST_CONTRAST + 1.0;
        let dark = (0..=100).map(|step| light.towards(WHITE, step)).find(fits).unwrap_or(WHITE);
        Ok(Self { light, dark })
    }

    /// The tokens that it changes.
    #[must_use]
    pub fn css(self) -> String {
        let Self { light, dark } = self;
        let pair = |name: &str, in_light: Rgb, in_dark: Rgb| {
            format!("  --{name}: light-dark({}, {});\n", in_light.css(), in_dark.css())
        };
        let tokens = [
            pair("accent", light, dark),
            pair("accent-strong", light.towards(INK, 25), dark.towards(WHITE, 30)),
            pair("accent-ground", light.towards(WHITE, 90), dark.towards(INK, 85)),
            pair("on-accent", light.text(), dark.text()),
        ];
        format!(":root {{\n{}}}\n", tokens.concat())
    }
}

impl<'de> Deserialize<'de> for Accent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_can_be_read_in_light_and_dark() {
        for text in ["#0f5c56", "#7a1fff", "#000000", "#b3261e"] {
            let Accent { light, dark } = Accent::parse(text).unwrap();
            assert_eq!(light.css(), text);
            for (one, other) in [(light, LIGHT_GROUND), (dark, DARK_GROUND), (light, light.text()), (dark, dark.text())]
            {
                assert!(one.contrast(other) >= LEAST_CONTRAST, "{text}: {} on {}", one.css(), other.css());
            }
        }
    }

    #[test]
    fn what_cannot_be_read_or_is_no_colour_is_refused() {
        assert!(Accent::parse("#ffd400").unwrap_err().contains("darker"));
        for text in ["", "0f5c56", "#0f5", "#0f5c5g", "red", "#0f5c5ö"] {
            assert!(Accent::parse(text).unwrap_err().contains("a colour like"), "{text}");
        }
    }

    #[test]
    fn black_and_white_differ_most() {
        assert!((WHITE.contrast(Rgb([0; 3])) - 21.0).abs() < 0.01);
    }
}
