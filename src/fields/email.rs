//! E-mail addresses as marshmallow 3 accepts them, so that no account of the Flask server is locked out.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use regex::Regex;

use super::moment::pattern;

static DOT_ATOM: LazyLock<Regex> = pattern!(r"^[-!#$%&'*+/=?^`{}|~\w]+(\.[-!#$%&'*+/=?^`{}|~\w]+)*$");

static QUOTED: LazyLock<Regex> =
    pattern!(concat!(r#"^"([\x01-\x08\x0b\x0c\x0e-\x1f!#-\[\]-\x7f]"#, r#"|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*"$"#,));

static DOMAIN: LazyLock<Regex> =
    pattern!(r"^(?i:[A-Z0-9](?:[A-Z0-9-]{0,61}[A-Z0-9])?\.)+(?i:[A-Z]{2,6}|[A-Z0-9-]{2,})$");

/// Whether marshmallow's `Email` takes it.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    (DOT_ATOM.is_match(local) || QUOTED.is_match(local)) && is_domain(domain)
}

fn is_domain(domain: &str) -> bool {
    if domain == "localhost" || DOMAIN.is_match(domain) {
        return true;
    }
    if let Some(address) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv4Addr>().is_ok();
    }
    !domain.is_ascii() && idna::domain_to_ascii(domain).is_ok_and(|ascii| DOMAIN.is_match(&ascii))
}
