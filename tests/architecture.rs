//! The rules of the house, read from `src` as text: who may know whom, where SQL stands, and that no statement forgets
//! the tenant.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::{Captures, Regex};

/// The features, which never import each other.
const FEATURES: [&str; 4] = ["users", "tasks", "meetings", "contracts"];

/// What features share, and what knows none of them.
const BELOW: [&str; 5] = ["audit", "idempotency", "mail", "mirror", "notifications"];

/// What joins features.
const ABOVE: [&str; 5] = ["calendar", "dashboard", "jobs", "reports", "workflow"];

/// The stores of what belongs to no tenant, and of which tenants there are.
const OF_NO_TENANT: [&str; 2] = ["src/jobs/lease/store.rs", "src/jobs/tenants/store.rs"];
/// The statements that are on every tenant's rows at once: only to tell which tenants there is something to do for.
const OVER_ALL_TENANTS: [&str; 3] = [
    "select id from tenants union select tenant_id from audit_chains union select tenant_id from audit_logs order by 1",
    "select t.id from tenants t where (select 1 from audit_logs a where a.tenant_id = t.id and a.seq is null limit 1) \
     = 1 order by t.id",
    "select id from tenants union select tenant_id from audit_chains order by 1",
];

/// Comments, texts in quotes with what is inside, and single characters.
const TOKENS: &str = concat!(
    r"(?s)//[^\n]*|/\*.*?\*/",
    r##"|b?r#"(.*?)"#|b?r"([^"]*)"|b?"((?:\\.|[^"\\])*)""##,
    r"|b?'(?:\\(?:u\{[^}]*\}|.)|[^\\'])'",
);

/// Text in quotes.
struct Literal {
    /// Where it begins in the code.
    at: usize,
    text: String,
}

/// A file without its tests.
struct Source {
    path: String,
    lines: usize,
    /// Comments and text in quotes are blanked out; lines stay where they are.
    code: String,
    literals: Vec<Literal>,
}

impl Source {
    fn new(path: String, text: &str) -> Self {
        let tokens = regex(TOKENS);
        let continuation = regex(r"\\\n\s*");
        let (mut code, mut literals, mut end) = (String::new(), Vec::new(), 0);
        for token in tokens.captures_iter(text) {
            let whole = token.get(0).unwrap();
            code.push_str(&text[end..whole.start()]);
            end = whole.end();
            if let Some(inside) = (1..=3).find_map(|group| token.get(group)) {
                let text = continuation.replace_all(inside.as_str(), "").into_owned();
                literals.push(Literal { at: code.len(), text });
            }
            code.push_str(&blank(whole.as_str()));
        }
        code.push_str(&text[end..]);
        let mut source = Self { path, lines: text.lines().count(), code, literals };
        while let Some(start) = source.code.find("#[cfg(test)]") {
            let end = start + end_of_item(&source.code[start..]);
            source.code.replace_range(start..end, &blank(&source.code[start..end]));
            source.literals.retain(|literal| !(start..end).contains(&literal.at));
        }
        source
    }

    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.code[..at].matches('\n').count() + 1)
    }

    /// Where the code has this.
    fn find(&self, pattern: &str) -> Vec<String> {
        regex(pattern)
            .find_iter(&self.code)
            .map(|found| format!("{} {}", self.place(found.start()), found.as_str()))
            .collect()
    }

    /// The texts that stand in one statement of Rust, together; the pieces of a `concat!` for one.
    fn statements(&self) -> Vec<Literal> {
        let mut statements: Vec<Literal> = Vec::new();
        let mut after = 0;
        for Literal { at, text } in &self.literals {
            match statements.last_mut().filter(|_| !self.code[after..*at].contains([';', '{', '}'])) {
                Some(last) => last.text.push_str(text),
                None => statements.push(Literal { at: *at, text: text.clone() }),
            }
            after = *at;
        }
        statements
    }

    fn is_store(&self) -> bool {
        self.path.ends_with("/store.rs")
    }

    /// Whether its statements are on tables of tenants, whose rows a scope reaches.
    fn is_of_tenants(&self) -> bool {
        // The outbox and the bus look at all tenants at once.
        let is_of_all = self.is_under(&["mail/", "notifications/bus/"]) || OF_NO_TENANT.contains(&self.path.as_str());
        let mut places = [FEATURES.as_slice(), &BELOW, &ABOVE].concat().into_iter();
        self.is_store() && !is_of_all && places.any(|place| self.is_under(&[place]))
    }

    /// Whether its functions take a tenant instead of a scope: they are for the server's own work on every tenant's
    /// audit log.
    fn is_of_the_server(&self) -> bool {
        self.path == "src/audit/chain/store.rs"
    }

    fn is_under(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(&format!("src/{place}")))
    }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

fn blank(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect()
}

/// Where the item ends that this text begins with: at its `;` or at its last brace.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in code.char_indices().skip("#[cfg(test)]".len()) {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(letter, ';' | '}') {
            return at + 1;
        }
    }
    code.len()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Every file in `src`, but for those that hold nothing but tests.
fn sources() -> Vec<Source> {
    let (mut folders, mut sources) = (vec![root().join("src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(sources.iter().filter(|source| source.is_store()).count() > FEATURES.len(), "the stores are gone");
    sources
}

/// Fails with every place that breaks the rule.
fn check(rule: &str, offences: impl IntoIterator<Item = String>) {
    let offences: Vec<String> = offences.into_iter().collect();
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

/// Fails where files of this kind have this in their code.
fn check_absent(rule: &str, files: impl Fn(&Source) -> bool, pattern: &str) {
    let sources = sources();
    check(rule, sources.iter().filter(|source| files(source)).flat_map(|source| source.find(pattern)));
}

#[test]
fn code_is_told_from_comments_texts_and_tests() {
    let text = concat!(
        "a(\"x; \\\n   y\"); // \"no\"\n#[cfg(test)]\nmod tests {\n    b(\"{\");\n}\n",
        "c('\"', '\\'', r#\"z \"q\"\"#, &'static d);\n",
    );
    let source = Source::new("x.rs".into(), text);
    let words: Vec<&str> = source.code.split_whitespace().collect();
    assert_eq!(words.concat(), "a();c(,,,&'staticd);");
    let texts: Vec<&str> = source.literals.iter().map(|literal| literal.text.as_str()).collect();
    assert_eq!(texts, ["x; y", "z \"q\""]);
    assert_eq!(source.find("c"), ["x.rs:7 c", "x.rs:7 c"]);
}

#[test]
fn a_store_knows_neither_http_nor_the_document() {
    check_absent("no axum, hyper or utoipa in a store", Source::is_store, r"\b(axum|hyper|tower|utoipa)\b");
}

#[test]
fn a_store_uses_json_only_to_write_a_column() {
    let sources = sources();
    let uses = sources.iter().filter(|source| source.is_store()).flat_map(|source| source.find(r"\bserde_json[\w:]*"));
    check("only serde_json::Value::from in a store", uses.filter(|place| !place.ends_with(" serde_json::Value::from")));
}

#[test]
fn routes_know_nothing_of_sqlx() {
    check_absent("no sqlx in routes", |source| source.path.ends_with("/routes.rs"), r"\bsqlx\b");
}

#[test]
fn types_know_neither_sqlx_nor_axum() {
    check_absent("no sqlx or axum in types", |source| source.path.ends_with("/types.rs"), r"\b(sqlx|axum)\b");
}

#[test]
fn features_never_import_each_other() {
    for feature in FEATURES {
        let others = FEATURES.into_iter().filter(|other| *other != feature).collect::<Vec<_>>().join("|");
        let pattern = format!(r"\bcrate::(\{{[^}}]*)?\b({others})\b|\bsuper::super::({others})\b");
        check_absent("features never import each other", |source| source.is_under(&[&format!("{feature}/")]), &pattern);
    }
}

#[test]
fn the_ground_knows_no_feature_and_nothing_above() {
    let ground = ["accept.rs", "clock.rs", "config/", "days.rs", "db/", "error/", "extract.rs", "fields/", "page/"];
    let others = ["answer", "app", "auth", "cli", "edge", "health", "openapi", "server", "telemetry"];
    let above = [FEATURES.as_slice(), &BELOW, &ABOVE, &others].concat().join("|");
    let pattern = format!(r"\bcrate::(\{{[^}}]*)?\b({above})\b");
    check_absent("the ground imports nothing above it", |source| source.is_under(&ground), &pattern);
}

#[test]
fn what_joins_features_stands_below_or_above_them() {
    let known = |modules: &str| format!(r"\bcrate::(\{{[^}}]*)?\b({modules})\b");
    let above = known(&[FEATURES.as_slice(), &ABOVE].concat().join("|"));
    for below in BELOW {
        check_absent("what is below features knows none", |source| source.is_under(&[&format!("{below}/")]), &above);
    }
    for joins in ABOVE {
        // The jobs have no routes: they are started in the background and at the command line.
        let starters: &[&str] = if joins == "jobs" { &["background.rs", "cli/"] } else { &["app.rs"] };
        let may = |source: &Source| source.is_under(starters) || source.is_under(&[&format!("{joins}/")]);
        check_absent("only who starts it knows what joins features", |source| !may(source), &known(joins));
    }
}

#[test]
fn nothing_panics_on_purpose() {
    let pattern = r"[^\n]*(\.unwrap\(\)|\.expect\(|\b(todo|dbg|panic|unimplemented|unreachable)!)";
    let sources = sources();
    // The patterns are constants that the tests compile.
    let (allowed, offences): (Vec<String>, Vec<String>) = sources
        .iter()
        .flat_map(|source| source.find(pattern))
        .partition(|place| place.contains("Regex::new($pattern)"));
    check("no unwrap, expect, todo!, dbg!, panic!", offences);
    assert_eq!(allowed.len(), 1, "{allowed:?}");
}

#[test]
fn commands_say_and_never_print() {
    check_absent("println! panics when nobody reads: use say!", |_| true, r"\be?print(ln)?!");
}

#[test]
fn sql_stands_in_stores_and_below_them() {
    let verb = regex(r"(?is)^\W*(select\s|insert into\s|update \w+ set\s|delete from\s)|\(select\s.*\sfrom\s");
    let mut offences = Vec::new();
    for source in sources().iter().filter(|source| !source.is_store()) {
        let is_below = source.is_under(&["db/", "page/", "cli/demo"]);
        let statements = source.literals.iter().filter(|literal| !is_below && verb.is_match(&literal.text));
        offences.extend(statements.map(|literal| format!("{} {:?}", source.place(literal.at), literal.text)));
    }
    check("SQL only in stores, src/db, src/page and src/cli/demo", offences);
}

#[test]
fn sql_names_its_columns() {
    let star = regex(r"(?i)select \*|\b\w\.\*|, \*");
    let mut offences = Vec::new();
    for source in sources() {
        let statements = source.literals.iter().filter(|literal| star.is_match(&literal.text));
        offences.extend(statements.map(|literal| format!("{} {:?}", source.place(literal.at), literal.text)));
    }
    check("columns are named, never *", offences);
}

/// What a statement on a feature's tables forgets of the tenant.
fn forgets_tenant(text: &str) -> Option<&'static str> {
    let is_verb = |verb: &str| text.trim_start().starts_with(verb);
    let comes = |after: &str, what: &str| {
        let rest = regex(&format!("^(\\w+\\.)?{what}"));
        regex(after).find_iter(text).all(|found| rest.is_match(&text[found.end()..]))
    };
    let joined =
        |join: Captures<'_>| text[join.get(0).unwrap().end()..].starts_with(&format!("{}.tenant_id = ", &join[1]));
    // In a subquery of the columns it is the tenant of the row.
    if !comes(r"\bwhere ", r"tenant_id = (\?|t\.tenant_id)") {
        Some("`tenant_id = ?` first in its where")
    } else if ["select ", "update ", "delete "].into_iter().any(is_verb) && !text.contains(" where ") {
        Some("a where")
    } else if !comes(r"\binsert into \w+ \(", "tenant_id,") {
        Some("tenant_id first among its columns")
    } else if !regex(r"\bjoin \w+ (\w+) on ").captures_iter(text).all(joined) {
        Some("the tenant first in its join")
    } else {
        None
    }
}

#[test]
fn every_statement_on_a_tenants_table_names_the_tenant() {
    assert_eq!(forgets_tenant("select t.id from tasks t where t.tenant_id = ? and t.id = ?"), None);
    assert!(forgets_tenant("select t.id from tasks t where t.id = ? and t.tenant_id = ?").is_some());
    assert!(forgets_tenant("delete from tasks").is_some());
    assert!(forgets_tenant("insert into tasks (id, tenant_id) values ").is_some());
    assert!(forgets_tenant("tasks t left join users u on u.id = t.assigned_to").is_some());
    let mut offences = Vec::new();
    for source in sources().iter().filter(|source| source.is_of_tenants()) {
        let statements = source.statements().into_iter();
        for statement in statements.filter(|statement| !OVER_ALL_TENANTS.contains(&statement.text.as_str())) {
            let fault = forgets_tenant(&statement.text);
            offences
                .extend(fault.map(|fault| format!("{} lacks {fault}: {}", source.place(statement.at), statement.text)));
        }
    }
    check("every statement on a tenant's table names the tenant first", offences);
}

#[test]
fn the_outbox_names_the_tenant_but_where_it_works_for_all() {
    // To find what is due, and to clean up: nobody's request.
    let for_all = regex(
        "^select (tenant_id, id|id, state) from mail_outbox where state = |^delete from mail_outbox where id in ",
    );
    let sources = sources();
    let store = sources.iter().find(|source| source.path == "src/mail/store.rs").unwrap();
    let (for_all, others): (Vec<Literal>, Vec<Literal>) =
        store.statements().into_iter().partition(|statement| for_all.is_match(&statement.text));
    assert_eq!(for_all.len(), 3);
    assert!(others.len() > 3, "the statements are gone");
    let offences = others.iter().filter_map(|statement| {
        let fault = forgets_tenant(&statement.text)?;
        Some(format!("{} lacks {fault}: {}", store.place(statement.at), statement.text))
    });
    check("every other statement on the outbox names the tenant first", offences);
}

#[test]
fn statements_over_all_tenants_reach_nothing_of_theirs() {
    let table = regex(r"\b(?:from|into|update|join) (\w+)");
    let sources = sources();
    for path in OF_NO_TENANT {
        let source = sources.iter().find(|source| source.path == path).expect(path);
        let statements = source.statements();
        let tables: BTreeSet<&str> = statements
            .iter()
            .flat_map(|statement| table.captures_iter(&statement.text).map(|found| found.get(1).unwrap().as_str()))
            .collect();
        assert!(!tables.is_empty() && tables.iter().all(|table| ["job_runs", "tenants"].contains(table)), "{tables:?}");
    }
}

#[test]
fn every_list_begins_with_the_tenant() {
    let table = regex(r"^(?:users|tasks|meetings|contracts) (\w)$");
    for feature in FEATURES {
        let sources = sources();
        let store = sources.iter().find(|source| source.path == format!("src/{feature}/store.rs")).unwrap();
        let aliases = store.literals.iter().filter_map(|literal| Some(table.captures(&literal.text)?[1].to_owned()));
        let aliases: BTreeSet<String> = aliases.collect();
        assert_eq!(aliases.len(), 1, "{feature}: {aliases:?}");
        let start = format!("{}.tenant_id = ?", aliases.first().unwrap());
        assert!(
            store.literals.iter().any(|literal| literal.text == start),
            "{feature}: no filter begins with {start:?}"
        );
    }
}

#[test]
fn signing_in_reaches_users_only_by_tenant_or_by_their_own_key() {
    let own_key = regex(r"\btenant_id\b|\bwhere id = \?|\btoken_hash = \?|\bfrom tenants\b|\binto tenants\b");
    let is_meant = |source: &Source| source.is_store() && source.is_under(&["auth/"]) || source.is_under(&["cli/demo"]);
    let mut offences = Vec::new();
    for source in sources().iter().filter(|source| is_meant(source)) {
        let statements = source.statements().into_iter().filter(|literal| {
            let verbs = ["select ", "insert ", "update ", "delete "];
            verbs.iter().any(|verb| literal.text.starts_with(verb)) && !own_key.is_match(&literal.text)
        });
        offences.extend(statements.map(|literal| format!("{} {:?}", source.place(literal.at), literal.text)));
    }
    check("statements on users name the tenant or a key that is unique over all tenants", offences);
}

#[test]
fn every_function_of_a_features_store_takes_a_scope() {
    let function = regex(r"\bpub (?:async )?fn (\w+)[^(]*\(([^)]*)\)");
    let mut offences = Vec::new();
    for source in sources().iter().filter(|source| source.is_of_tenants()) {
        assert!(function.is_match(&source.code), "{} has no functions", source.path);
        let (whose, tenants) = if source.is_of_the_server() {
            ("tenant: &Arc<str>", "tenants")
        } else {
            ("scope: &Scope", "no exception")
        };
        for found in function.captures_iter(&source.code) {
            if found[2].contains("conn: ") && !found[2].contains(whose) && !found[1].ends_with(tenants) {
                offences.push(format!("{} {}", source.place(found.get(0).unwrap().start()), &found[1]));
            }
        }
    }
    check("store functions take `scope: &Scope`, and those for the server's own work a tenant", offences);
}

#[test]
fn only_the_guard_and_the_operator_make_a_scope() {
    let may = |source: &Source| source.path == "src/auth/guard.rs" || source.is_under(&["cli"]);
    check_absent("Scope::operator is for the command line", |source| !may(source), r"\bScope::operator\b");
    let may = |source: &Source| {
        source.path == "src/auth/guard.rs" || source.is_under(&["jobs/tenants/mod.rs", "cli/user.rs"])
    };
    check_absent("Scope::system is for jobs and commands", |source| !may(source), r"\bScope::system\b");
}

/// What the guard knows of a role is some seconds old.
#[test]
fn changes_of_users_and_invitations_begin_with_the_role_of_now() {
    let first = regex(r"\btransaction!\(app\.db, \|tx\| \{?\s*([^;]*);");
    let sources = sources();
    for path in ["src/auth/invitations/routes.rs", "src/users/routes.rs"] {
        let source = sources.iter().find(|source| source.path == path).expect(path);
        let statements: Vec<&str> =
            first.captures_iter(&source.code).map(|found| found.get(1).unwrap().as_str()).collect();
        assert_eq!(statements.len(), source.find(r"\btransaction!").len(), "{path}");
        assert!(statements.len() >= 2, "the transactions of {path} are gone");
        let offences = statements.iter().filter(|statement| !statement.starts_with("let scope = scope.afresh::<"));
        check("a transaction on users or invitations begins with `scope.afresh`", offences.map(|it| (*it).to_owned()));
    }
}

#[test]
fn only_the_clock_asks_for_the_time() {
    let is_clock = |source: &Source| source.path == "src/clock.rs";
    check_absent("no now() outside the clock", |source| !is_clock(source), r"\b(Utc|Local|SystemTime)::now\b");
    let now = regex(r"(?i)\b(now|sysdate|curdate|unixepoch)\(|current_timestamp|'now'");
    let mut offences = Vec::new();
    for source in sources() {
        let texts = source.literals.iter().filter(|literal| now.is_match(&literal.text));
        offences.extend(texts.map(|literal| format!("{} {:?}", source.place(literal.at), literal.text)));
    }
    check("no now() in SQL", offences);
}

#[test]
fn the_settings_and_env_example_name_the_same_variables() {
    let sources = sources();
    let config = sources.iter().filter(|source| source.is_under(&["config/"]));
    let name = regex(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$");
    let texts = config.flat_map(|source| source.literals.iter().map(|literal| literal.text.clone()));
    let read: BTreeSet<String> = texts.filter(|text| text.len() > 3 && name.is_match(text)).collect();
    let example = fs::read_to_string(root().join(".env.example")).expect(".env.example");
    let line = regex(r"(?m)^#? ?([A-Z][A-Z0-9_]*)=");
    let listed: BTreeSet<String> = line.captures_iter(&example).map(|found| found[1].to_owned()).collect();
    assert_eq!(read, listed, "the settings that src/config reads, and those in .env.example");
}

#[test]
fn the_environment_is_read_in_one_place() {
    let is_config = |source: &Source| source.is_under(&["config/"]);
    check_absent("settings come from src/config", |source| !is_config(source), r"\benv::vars?(_os)?\b");
}

#[test]
fn nothing_is_imported_by_a_star() {
    check_absent("no glob imports", |_| true, r"\buse [^;]*\*");
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let sources = sources();
    let long = sources.iter().filter(|source| source.lines > 400);
    check("no file over 400 lines", long.map(|source| format!("{}: {} lines", source.path, source.lines)));
}
