//! The forms of a report: which one comes, in which language, and what its headers say.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bizcenter::policy::Role::Viewer;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::call;
use crate::client::{Method, Reply, without_request_id};
use crate::lists::invalid_query;
use crate::on_both;

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// The names in `Vary`.
fn vary(reply: &Reply) -> Vec<&str> {
    let lines = reply.headers.get_all("vary").iter().map(|line| line.to_str().unwrap());
    let mut names: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    names.sort_unstable();
    names
}

on_both! {
    async fn the_caller_chooses_by_accept_or_by_format_which_wins(app) {
        let user = app.user("tenant-a", Viewer).await;
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (query, accept, kind) in [
            ("", None, JSON),
            ("", Some("*/*"), JSON),
            ("", Some("application/json, text/plain, */*"), JSON),
            ("", Some("image/png"), JSON),
            ("", Some("text/markdown"), MARKDOWN),
            ("", Some("TEXT/Markdown;q=0.1"), MARKDOWN),
            ("", Some("text/html;q=0.5, text/markdown;q=0.6, application/json;q=0.4"), MARKDOWN),
            ("", Some("text/html"), HTML),
            ("", Some(browser), HTML),
            ("format=json", Some(browser), JSON),
            ("format=markdown", Some(browser), MARKDOWN),
            ("format=html", Some(JSON), HTML),
            ("format=html", None, HTML),
        ] {
            let mut request = call(&app, &user, query);
            if let Some(accept) = accept {
                request = request.header("accept", accept);
            }
            let reply = request.send().await;
            assert_eq!((reply.status, reply.header("content-type")), (200, Some(kind)), "{query} {accept:?}");
            let mut names = vec!["accept", "accept-language", "origin"];
            names.retain(|name| kind != JSON || *name != "accept-language");
            assert_eq!(vary(&reply), names, "{query} {accept:?}");
        }
    }

    async fn an_unknown_format_is_refused(app) {
        let user = app.user("tenant-a", Viewer).await;
        for format in ["pdf", "HTML", "text/html", ""] {
            let request = call(&app, &user, &format!("format={format}")).header("accept", "text/html");
            let refused = request.expect(400).await;
            let errors = json!({"format": ["Must be one of: json, markdown, html."]});
            assert_eq!(without_request_id(refused), invalid_query(errors), "{format}");
        }
    }

    async fn markdown_and_page_speak_the_readers_language(app) {
        let user = app.user("tenant-a", Viewer).await;
        for (languages, language, title) in [
            (None, "en", "Weekly report 2026-W06"),
            (Some("en-US,en;q=0.9,ko;q=0.8"), "en", "Weekly report 2026-W06"),
            (Some("fr"), "en", "Weekly report 2026-W06"),
            (Some("ko"), "ko", "주간 보고서 2026-W06"),
            (Some("ko-KR,ko;q=0.9,en;q=0.8"), "ko", "주간 보고서 2026-W06"),
        ] {
            for (format, start) in [
                ("markdown", format!("# {title}\n")),
                ("html", format!("<!DOCTYPE html><html lang=\"{language}\"><head><meta charset=\"utf-8\">")),
            ] {
                let mut request = call(&app, &user, &format!("format={format}"));
                if let Some(languages) = languages {
                    request = request.header("accept-language", languages);
                }
                let reply = request.send().await;
                assert_eq!(reply.header("content-language"), Some(language), "{languages:?}");
                let text = reply.text();
                assert!(text.starts_with(&start) && text.contains(title), "{languages:?}: {text}");
            }
        }
    }

    async fn a_browser_applies_the_pages_own_style_and_runs_nothing(app) {
        let user = app.user("tenant-a", Viewer).await;
        let reply = call(&app, &user, "format=html").send().await;
        let page = reply.text();
        let (_, rest) = page.split_once("<style>").unwrap();
        let (style, _) = rest.split_once("</style>").unwrap();
        assert!(style.contains("@page { size: A4;"), "{style}");
        let digest = BASE64_STANDARD.encode(Sha256::digest(style));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        );
        let policies: Vec<_> = reply.headers.get_all("content-security-policy").iter().collect();
        assert_eq!(policies, [policy.as_str()]);
        for format in ["json", "markdown"] {
            let reply = call(&app, &user, &format!("format={format}")).send().await;
            let policy = Some("default-src 'none'; frame-ancestors 'none'");
            assert_eq!(reply.header("content-security-policy"), policy, "{format}");
        }
    }

    async fn head_answers_like_get_without_the_body(app) {
        let user = app.user("tenant-a", Viewer).await;
        for format in ["json", "markdown", "html"] {
            let path = format!("/api/v1/reports/weekly?format={format}");
            let get = app.get(&path).by(&user).send().await;
            let head = app.call(Method::HEAD, &path).by(&user).send().await;
            assert_eq!((head.status, head.bytes.len()), (200, 0), "{format}");
            for name in ["content-type", "content-length", "content-disposition", "content-security-policy"] {
                assert_eq!(head.header(name), get.header(name), "{format} {name}");
            }
        }
    }

    async fn a_strict_viewer_may_read_it_in_every_form(app, ROLE_POLICY = "strict") {
        let user = app.user("tenant-a", Viewer).await;
        for format in ["json", "markdown", "html"] {
            assert_eq!(call(&app, &user, &format!("format={format}")).send().await.status, 200, "{format}");
        }
    }
}
