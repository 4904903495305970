//! Numbers and rates as people read them.

/// Digits in groups of three: 1,000.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of requests: "1,000", "about 1,000". None is none.
pub(crate) fn figure(requests: u64, rough: bool) -> String {
    let figure = grouped(requests);
    if rough && requests > 0 { format!("about {figure}") } else { figure }
}

/// A rate in words: "10 requests per second", or "1 request every 20 seconds" for a slow one.
pub(crate) fn per_time(rate: f64) -> String {
    // In tenths and by whole numbers: printing a float would link all of its algorithms.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and rates are small"
    )]
    let whole = |number: f64| number.round() as u64;
    if rate >= 1.0 {
        let tenths = whole(rate * 10.0);
        let unit = if tenths == 10 { "request" } else { "requests" };
        match tenths % 10 {
            0 => format!("{} {unit} per second", tenths / 10),
            part => format!("{}.{part} {unit} per second", tenths / 10),
        }
    } else {
        format!("1 request every {} seconds", whole(1.0 / rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_rough_number_is_about_and_none_is_none() {
        assert_eq!((figure(0, true), figure(1, true)), ("0".to_owned(), "about 1".to_owned()));
    }

    #[test]
    fn a_slow_rate_is_told_by_its_pause() {
        assert_eq!(per_time(0.05), "1 request every 20 seconds");
        assert_eq!(per_time(1.0), "1 request per second");
        assert_eq!(per_time(2.5), "2.5 requests per second");
    }
}
