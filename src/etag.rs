//! Entity tags (RFC 9110, 8.8.3): the version of a row, so that nobody overwrites what he has not seen.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, Code};

/// Bytes of the digest in a [`Tag`]: enough that no two states of an answer share it.
const DIGEST_LENGTH: usize = 8;

/// Tells one state of an answer from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl From<i64> for Tag {
    /// The row's version says all.
    fn from(version: i64) -> Self {
        Self(format!("\"{version}\""))
    }
}

impl Tag {
    /// For an answer that shows more than its row: a cache must notice when only the rest has changed. For a change of
    /// the row the version alone counts; for the end of one with which something goes, all of it.
    pub fn with_rest(version: i64, rest: &impl Serialize) -> Self {
        // What can be answered always serializes.
        let digest = Sha256::digest(serde_json::to_vec(rest).unwrap_or_default());
        Self(format!("\"{version}-{}\"", hex::encode(&digest[..DIGEST_LENGTH])))
    }

    /// For an answer that belongs to no one row: its content says all.
    pub fn of(content: &[u8]) -> Self {
        Self(format!("\"{}\"", hex::encode(&Sha256::digest(content)[..DIGEST_LENGTH])))
    }
}

/// The conditions of a request: `If-Match` for a change, `If-None-Match` for a read.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Conditions {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            if_match: joined(&parts.headers, &header::IF_MATCH),
            if_none_match: joined(&parts.headers, &header::IF_NONE_MATCH),
        })
    }
}

impl Conditions {
    /// For a change: refuses with 412 unless the row is as the caller saw it. Compares strongly, as RFC 9110 demands.
    pub fn check(&self, version: i64) -> Result<(), ApiError> {
        match &self.if_match {
            Some(tags) if !names(tags, |tag| is_of(tag, version)) => Err(Code::PreconditionFailed.into()),
            _ => Ok(()),
        }
    }

    /// For the end of a row, with which goes what belongs to it: refuses with 412 unless the whole answer is as the
    /// caller saw it.
    pub fn check_whole(&self, tag: impl Into<Tag>) -> Result<(), ApiError> {
        let Tag(now) = tag.into();
        match &self.if_match {
            Some(tags) if !names(tags, |tag| tag == now) => Err(Code::PreconditionFailed.into()),
            _ => Ok(()),
        }
    }

    /// For a read: the answer with its tag, or 304 when the caller has it already.
    pub fn answer(&self, tag: impl Into<Tag>, answer: impl Serialize) -> Response {
        self.respond(tag, || Json(answer))
    }

    /// Like [`Conditions::answer`], for what is not JSON.
    pub fn respond<R: IntoResponse>(&self, tag: impl Into<Tag>, answer: impl FnOnce() -> R) -> Response {
        let Tag(tag) = tag.into();
        let is_known = |one: &str| one.strip_prefix("W/").unwrap_or(one) == tag;
        if self.if_none_match.as_ref().is_some_and(|tags| names(tags, is_known)) {
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
        }
        ([(header::ETAG, tag)], answer()).into_response()
    }
}

/// The tag as a header, for the answer to a change.
pub fn etag(tag: impl Into<Tag>) -> (HeaderName, String) {
    (header::ETAG, tag.into().0)
}

/// Whether the tag is one of this version; a weak one never is.
fn is_of(tag: &str, version: i64) -> bool {
    let inside = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    inside.and_then(|tag| tag.split('-').next()) == Some(version.to_string().as_str())
}

/// Several header lines are one list.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().filter_map(|line| HeaderValue::to_str(line).ok()).collect();
    headers.contains_key(name).then(|| lines.join(","))
}

/// Whether a list of tags names one that is meant; `*` names any.
fn names(tags: &str, is_meant: impl Fn(&str) -> bool) -> bool {
    tags.split(',').map(str::trim).any(|one| one == "*" || is_meant(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_changeable(tags: &str) -> bool {
        Conditions { if_match: Some(tags.to_owned()), ..Conditions::default() }.check(2).is_ok()
    }

    fn is_known(tags: &str, tag: impl Into<Tag>) -> bool {
        let conditions = Conditions { if_none_match: Some(tags.to_owned()), ..Conditions::default() };
        conditions.answer(tag, ()).status() == StatusCode::NOT_MODIFIED
    }

    #[test]
    fn a_list_names_its_tags_and_a_star_any() {
        for (tags, named) in [("\"1\", \"2\"", true), ("*", true), ("\"12\"", false), ("2", false), ("", false)] {
            assert_eq!((is_changeable(tags), is_known(tags, 2_i64)), (named, named), "{tags}");
        }
    }

    #[test]
    fn a_weak_tag_is_enough_to_read_but_not_to_change() {
        assert!(is_known("W/\"2\"", 2_i64));
        assert!(!is_changeable("W/\"2\""));
    }

    #[test]
    fn what_belongs_to_a_row_counts_for_a_read_but_not_for_a_change() {
        let (one, other) = (Tag::with_rest(2, &["one"]), Tag::with_rest(2, &["other"]));
        assert!(is_known(&one.0, one.clone()) && !is_known(&one.0, other.clone()) && !is_known("\"2\"", one.clone()));
        assert!(is_changeable(&one.0) && is_changeable(&other.0));
        assert!(!is_changeable(&Tag::with_rest(1, &["one"]).0));
    }

    #[test]
    fn what_belongs_to_a_row_counts_for_its_end() {
        let is_deletable = |tags: &str, tag: Tag| {
            Conditions { if_match: Some(tags.to_owned()), ..Conditions::default() }.check_whole(tag).is_ok()
        };
        let (one, other) = (Tag::with_rest(2, &["one"]), Tag::with_rest(2, &["other"]));
        assert!(is_deletable(&one.0, one.clone()) && is_deletable("*", one.clone()));
        assert!(!is_deletable(&one.0, other) && !is_deletable("\"2\"", one.clone()));
        assert!(!is_deletable(&format!("W/{}", one.0), one));
        assert!(is_deletable("\"1\", \"2\"", 2_i64.into()));
    }
}
