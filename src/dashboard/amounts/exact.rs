//! Exact sums of amounts.
//!
//! An amount has at most 18 digits before the point and 4 behind it ([`crate::fields::amount`]), so that it is a whole
//! number of ten-thousandths below 10^22. A sum of them fits into 128 bits up to 3 * 10^16 amounts.

/// The most digits before the point.
const WHOLE_DIGITS: usize = 18;
/// The most digits behind the point.
const FRACTION_DIGITS: usize = 4;
/// Parts of one.
const PARTS: u128 = 10_000;

/// An amount, exact to the digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// In ten-thousandths.
    parts: u128,
    /// How many digits it has behind the point.
    digits: usize,
}

/// A sum of amounts, and how many there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    parts: u128,
    digits: usize,
    /// How many amounts are in it.
    pub count: i64,
    /// How many amounts are not, since they could not be read.
    pub unreadable: i64,
}

impl Amount {
    /// Reads a decimal as the API takes it; nothing for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            None => (text, ""),
            Some((_, "")) => return None,
            Some(halves) => halves,
        };
        let digits = fraction.len();
        if whole.is_empty() || whole.len() > WHOLE_DIGITS || digits > FRACTION_DIGITS {
            return None;
        }
        let missing = std::iter::repeat_n(b'0', FRACTION_DIGITS - digits);
        let mut parts: u128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()).chain(missing) {
            if !digit.is_ascii_digit() {
                return None;
            }
            parts = parts * 10 + u128::from(digit - b'0');
        }
        Some(Self { parts, digits })
    }
}

impl Sum {
    /// Adds an amount; nothing stands for one that cannot be read.
    pub fn add(&mut self, amount: Option<Amount>) {
        match amount {
            Some(Amount { parts, digits }) => {
                self.parts += parts;
                self.digits = self.digits.max(digits);
                self.count += 1;
            }
            None => self.unreadable += 1,
        }
    }

    /// Adds all that is in another sum.
    pub fn merge(&mut self, other: Self) {
        let Self { parts, digits, count, unreadable } = other;
        self.parts += parts;
        self.digits = self.digits.max(digits);
        self.count += count;
        self.unreadable += unreadable;
    }

    /// The sum, with as many digits behind the point as the amount that has most of them.
    pub fn total(self) -> String {
        let (whole, fraction) = (self.parts / PARTS, self.parts % PARTS);
        let mut total = format!("{whole}.{fraction:04}");
        let dropped = FRACTION_DIGITS - self.digits + usize::from(self.digits == 0);
        total.truncate(total.len() - dropped);
        total
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::fields;

    fn sum(amounts: &[&str]) -> String {
        let mut sum = Sum::default();
        amounts.iter().for_each(|amount| sum.add(Amount::parse(amount)));
        sum.total()
    }

    #[test]
    fn a_sum_has_as_many_digits_behind_the_point_as_the_most_exact_amount() {
        for (amounts, total) in [
            (vec![], "0"),
            (vec!["5"], "5"),
            (vec!["0.5", "0.5"], "1.0"),
            (vec!["1000.10", "5"], "1005.10"),
            (vec!["0.0001", "0.9999"], "1.0000"),
            (vec!["0.1", "0.20"], "0.30"),
            (vec!["007", "00.30"], "7.30"),
            (vec!["999999999999999999.9999"; 3], "2999999999999999999.9997"),
        ] {
            assert_eq!(sum(&amounts), total, "{amounts:?}");
        }
    }

    #[test]
    fn a_hundred_thousand_of_the_largest_amounts_are_added_up_exactly() {
        let mut sum = Sum::default();
        (0..100_000).for_each(|_| sum.add(Amount::parse("999999999999999999.9999")));
        assert_eq!((sum.total().as_str(), sum.count), ("99999999999999999999990.0000", 100_000));
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_not_added() {
        let mut sum = Sum::default();
        for amount in ["1.5", "-1", "1e3", "1,000", "", ".5", "1.", "1.23456", "1234567890123456789", " 1", "\u{ff11}"]
        {
            sum.add(Amount::parse(amount));
        }
        assert_eq!((sum.total().as_str(), sum.count, sum.unreadable), ("1.5", 1, 10));
    }

    proptest! {
        #[test]
        fn what_the_api_takes_is_read_and_nothing_else(text in "[0-9]{0,20}(\\.[0-9]{0,6})?|\\PC{0,8}") {
            let taken = fields::amount(Value::String(text.clone())).is_ok();
            prop_assert_eq!(Amount::parse(&text).is_some(), taken);
        }

        #[test]
        fn an_amount_alone_is_its_own_total(text in "(0|[1-9][0-9]{0,17})(\\.[0-9]{1,4})?") {
            prop_assert_eq!(sum(&[text.as_str()]), text);
        }

        #[test]
        fn the_order_and_the_steps_of_adding_make_no_difference(
            amounts in prop::collection::vec("[0-9]{1,18}(\\.[0-9]{1,4})?|x", 0..40),
            cut in any::<prop::sample::Index>(),
        ) {
            let add = |amounts: &[String]| {
                let mut sum = Sum::default();
                amounts.iter().for_each(|amount| sum.add(Amount::parse(amount)));
                sum
            };
            let whole = add(&amounts);
            let (first, rest) = amounts.split_at(cut.index(amounts.len() + 1));
            let mut merged = add(rest);
            merged.merge(add(first));
            prop_assert_eq!(merged, whole);
        }
    }
}
