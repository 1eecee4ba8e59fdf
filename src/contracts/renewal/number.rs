//! The numbers of contracts that renew themselves.

/// The longest number.
const LENGTH: usize = 100;
/// How many numbers are tried.
const ATTEMPTS: u32 = 100;
/// Between a contract's number and that of its renewal.
const MARK: &str = "-R";

/// The numbers to try for the contract that follows: `N-R1`, `N-R2` and so on; after `N-R2`, if that is a renewal
/// itself, `N-R3`. A long `N` is cut short.
pub fn following(number: &str, is_renewal: bool) -> impl Iterator<Item = String> {
    let (stem, last) = renewal(number).filter(|_| is_renewal).unwrap_or((number, 0));
    (1..=ATTEMPTS).map(move |step| {
        let end = format!("{MARK}{}", last.saturating_add(step));
        let stem: String = stem.chars().take(LENGTH - end.len()).collect();
        stem + &end
    })
}

/// The number of the first contract, and which renewal of it has this number.
fn renewal(number: &str) -> Option<(&str, u32)> {
    let (stem, count) = number.rsplit_once(MARK)?;
    let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    is_count.then(|| count.parse().ok()).flatten().map(|count| (stem, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(number: &str, is_renewal: bool) -> String {
        following(number, is_renewal).next().unwrap()
    }

    #[test]
    fn renewals_are_counted() {
        assert_eq!(first("MSSP-2026-001", false), "MSSP-2026-001-R1");
        assert_eq!(first("MSSP-2026-001-R1", true), "MSSP-2026-001-R2");
        assert_eq!(first("MSSP-2026-001-R9", true), "MSSP-2026-001-R10");
        let numbers: Vec<String> = following("A-R2", true).take(3).collect();
        assert_eq!(numbers, ["A-R3", "A-R4", "A-R5"]);
    }

    #[test]
    fn what_only_looks_like_a_renewal_is_none() {
        assert_eq!(first("A-R2", false), "A-R2-R1");
        assert_eq!(first("MSSP-2027-001", true), "MSSP-2027-001-R1");
        for number in ["A-R", "A-R+1", "A-R1b", "A-R99999999999", "R1"] {
            assert_eq!(first(number, true), format!("{number}-R1"));
        }
    }

    #[test]
    fn a_long_number_is_cut_short() {
        let long = "가".repeat(100);
        assert_eq!(first(&long, false), format!("{}-R1", "가".repeat(97)));
        assert_eq!(first(&format!("{}-R9", "가".repeat(97)), true), format!("{}-R10", "가".repeat(96)));
        assert!(following(&long, false).all(|number| number.chars().count() == 100));
    }
}
