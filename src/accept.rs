//! Which of its forms an answer takes (`Accept`, RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

/// The form that the caller wants most, by its media type: the first one unless another is wanted more.
pub fn preferred<T: Copy>(headers: &HeaderMap, first: T, others: &[T], media_type: fn(T) -> &'static str) -> T {
    let (mut best, mut most) = (first, quality(headers, media_type(first)));
    for other in others {
        let wanted = quality(headers, media_type(*other));
        if wanted > most {
            (best, most) = (*other, wanted);
        }
    }
    best
}

/// How much the caller wants this kind, from 0 to 1; what is named most exactly counts.
fn quality(headers: &HeaderMap, kind: &str) -> f32 {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let family = kind.split('/').next();
    let ranges = lines.flat_map(|line| line.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let exactness = if name == kind {
            2
        } else if name == "*/*" {
            0
        } else if name.strip_suffix("/*") == family {
            1
        } else {
            return None;
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((exactness, weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0)))
    });
    ranges.max_by_key(|(exactness, _)| *exactness).map_or(0.0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn another_form_must_be_wanted_more_than_the_first() {
        for (accept, form) in [
            (None, "application/json"),
            (Some(""), "application/json"),
            (Some("*/*"), "application/json"),
            (Some("text/html, application/json"), "application/json"),
            (Some("image/png"), "application/json"),
            (Some("text/html"), "text/html"),
            (Some("text/html;q=0.5, text/markdown;q=0.6"), "text/markdown"),
            (Some("text/*"), "text/markdown"),
            (Some("text/*, text/markdown;q=0"), "text/html"),
            (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), "text/html"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(accept));
            }
            let chosen = preferred(&headers, "application/json", &["text/markdown", "text/html"], |kind| kind);
            assert_eq!(chosen, form, "{accept:?}");
        }
    }
}
