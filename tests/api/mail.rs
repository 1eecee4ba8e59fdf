//! E-mail, to a mail server of the tests.

mod letters;
mod outbox;
mod retries;
mod sink;

use bizcenter::app::AppState;
use bizcenter::auth::Scope;
use bizcenter::config::Config;
use bizcenter::db::sql;
use bizcenter::mail;
use bizcenter::notifications::{self, Kind, Notice};
use bizcenter::resource::Resource;
use mail_parser::{Message, MessageParser};

use crate::app::{Session, TestApp};

pub use self::sink::{Letter, Sink, closed_port};

/// The sender of every letter.
const FROM: &str = "no-reply@bizcenter.example";

/// The insides of a server that sends mail by way of this port, on the app's database and by its clock.
fn office(app: &TestApp, port: u16) -> AppState {
    let url = format!("smtp://127.0.0.1:{port}");
    office_with(app, &[("SMTP_URL", &url), ("PUBLIC_URL", "https://biz.example/")])
}

/// The insides of a server with these settings, on the app's database and by its clock.
fn office_with(app: &TestApp, settings: &[(&str, &str)]) -> AppState {
    let from = format!("BizCenter <{FROM}>");
    let mut all = vec![("APP_ENV", "test"), ("MAIL_FROM", from.as_str())];
    all.extend(settings);
    let setting = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_lookup(setting).unwrap();
    AppState::new(&config, app.db().clone(), app.state.clock.clone())
}

/// Sends what is due; gives how many letters that were.
async fn send(office: &AppState) -> usize {
    mail::send_due(office).await.unwrap()
}

/// The user wants this kind by e-mail, or does not want it any more.
async fn wants(app: &TestApp, user: &Session, kind: Kind, email: bool) {
    let delete = sql("delete from notification_preferences where tenant_id = ? and user_id = ? and kind = ?");
    app.execute(delete.bind(user.tenant.clone()).bind(user.id).bind(kind)).await;
    let insert =
        "insert into notification_preferences (tenant_id, user_id, kind, in_app, email) values (?, ?, ?, ?, ?)";
    let insert = sql(insert).bind(user.tenant.clone()).bind(user.id).bind(kind);
    app.execute(insert.bind(true).bind(email)).await;
}

/// The user reads this language.
async fn reads(app: &TestApp, user: &Session, locale: &'static str) {
    let insert = sql("insert into notification_settings (tenant_id, user_id, locale) values (?, ?, ?)");
    app.execute(insert.bind(user.tenant.clone()).bind(user.id).bind(locale)).await;
}

/// Nobody in particular tells the users of task 7.
async fn tell(app: &TestApp, users: &[&Session], kind: Kind, title: &str) {
    tell_of(app, users, kind, title, Resource::Task).await;
}

async fn tell_of(app: &TestApp, users: &[&Session], kind: Kind, title: &str, resource_type: Resource) {
    let scope = Scope::operator(&users[0].tenant, 0, app.state.audit_key.clone());
    let notice = Notice { kind, title: title.to_owned(), resource_type, resource_id: 7 };
    let ids: Vec<i64> = users.iter().map(|user| user.id).collect();
    let mut tx = app.db().begin().await.unwrap();
    notifications::send(&mut tx, &scope, notice, &ids, app.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// What has become of the letters, the oldest first: state, attempts, error.
async fn outbox(app: &TestApp) -> Vec<(String, i64, Option<String>)> {
    let select = sql("select state, attempts, last_error from mail_outbox order by id");
    app.db().read().await.unwrap().fetch_all(select).await.unwrap()
}

/// A letter as it stands there after `attempts`.
fn settled(state: &str, attempts: i64, error: Option<&str>) -> (String, i64, Option<String>) {
    (state.to_owned(), attempts, error.map(str::to_owned))
}

/// What is in a letter.
fn open(letter: &Letter) -> Message<'_> {
    MessageParser::new().parse(letter.data.as_slice()).unwrap()
}
