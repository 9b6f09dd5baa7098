//! Quantities of the API (`500m`, `1.5Gi`, `2e3`) as numbers, so that two ways to write one amount
//! are one amount.

/// The amount in billionths; none for what is no quantity.
pub(super) fn parse(text: &str) -> Option<i128> {
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let scale: i128 = match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => 1_000_000_000,
        "k" => 10_i128.pow(12),
        "M" => 10_i128.pow(15),
        "G" => 10_i128.pow(18),
        "T" => 10_i128.pow(21),
        "P" => 10_i128.pow(24),
        "E" => 10_i128.pow(27),
        "Ki" => 1_000_000_000 << 10,
        "Mi" => 1_000_000_000 << 20,
        "Gi" => 1_000_000_000 << 30,
        "Ti" => 1_000_000_000 << 40,
        "Pi" => 1_000_000_000 << 50,
        "Ei" => 1_000_000_000 << 60,
        other => {
            let exponent: u32 = other.strip_prefix(['e', 'E'])?.parse().ok()?;
            10_i128.checked_pow(exponent.checked_add(9)?)?
        }
    };
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut amount = whole.checked_mul(scale)?;
    let mut place = scale;
    for digit in part.bytes() {
        place /= 10;
        amount = amount.checked_add(i128::from(digit - b'0').checked_mul(place)?)?;
    }
    Some(if negative { -amount } else { amount })
}

/// Whether two texts are one amount.
pub(super) fn same(one: &str, two: &str) -> bool {
    one == two || parse(one).zip(parse(two)).is_some_and(|(one, two)| one == two)
}
