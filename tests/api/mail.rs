//! E-mail, to a mail server of the tests.

mod letters;
mod outbox;
mod retries;
mod sink;

use bizcenter::app::AppState;
use bizcenter::auth::Scope;
use bizcenter::config::{Config, Patience};
use bizcenter::db::{Value, sql};
use bizcenter::mail;
use bizcenter::notifications::{self, Kind, Notice};
use bizcenter::resource::Resource;
use mail_parser::{Message, MessageParser};

use crate::app::{Session, TestApp};

pub use self::sink::{Letter, SILENCE, Sink, closed_port};

/// The sender of every letter.
const FROM: &str = "no-reply@bizcenter.example";

/// The insides of a server that sends mail by way of this port, on the app's database and by its clock.
fn office(app: &TestApp, port: u16) -> AppState {
    let url = format!("smtp://127.0.0.1:{port}");
    office_with(app, &[("SMTP_URL", &url), ("PUBLIC_URL", "https://biz.example/")])
}

/// The insides of a server with these settings, on the app's database and by its clock.
fn office_with(app: &TestApp, settings: &[(&str, &str)]) -> AppState {
    office_that_waits(app, settings, Patience::default())
}

/// The same, but it waits only so long.
fn office_that_waits(app: &TestApp, settings: &[(&str, &str)], patience: Patience) -> AppState {
    let from = format!("BizCenter <{FROM}>");
    let mut all = vec![("APP_ENV", "test"), ("MAIL_FROM", from.as_str())];
    all.extend(settings);
    let setting = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let mut config = Config::from_lookup(setting).unwrap();
    if let Some(mail) = &mut config.mail {
        mail.patience = patience;
    }
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
    let resource_id = resource(app, &users[0].tenant, resource_type).await;
    let notice = Notice { kind, title: title.to_owned(), resource_type, resource_id };
    let ids: Vec<i64> = users.iter().map(|user| user.id).collect();
    let mut tx = app.db().begin().await.unwrap();
    notifications::send(&mut tx, &scope, notice, &ids, app.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// What the letters of this tenant tell of; 7 in the first one.
async fn resource(app: &TestApp, tenant: &str, resource_type: Resource) -> i64 {
    const TASK: &str = "insert into tasks (tenant_id, id, title, status, priority, week_number, year, tags, \
                        search_text, version, created_at, updated_at) values ";
    const MEETING: &str = "insert into meetings (tenant_id, id, title, meeting_date, status, search_text, version, \
                           created_at, updated_at) values ";
    const ITEM: &str = "insert into action_items (tenant_id, id, meeting_id, description, status, created_at, \
                        updated_at) values ";
    const CONTRACT: &str = "insert into contracts (tenant_id, id, contract_number, customer_name, \
                            customer_name_folded, title, amount_encrypted, currency, start_date, end_date, \
                            auto_renewal, status, search_text, version, created_at, updated_at) values ";
    let (of_tenant, last) = match resource_type {
        Resource::Task => ("select id from tasks where tenant_id = ?", "select coalesce(max(id), 6) from tasks"),
        Resource::Meeting => {
            ("select id from meetings where tenant_id = ?", "select coalesce(max(id), 6) from meetings")
        }
        Resource::ActionItem => {
            ("select id from action_items where tenant_id = ?", "select coalesce(max(id), 6) from action_items")
        }
        Resource::Contract => {
            ("select id from contracts where tenant_id = ?", "select coalesce(max(id), 6) from contracts")
        }
        other => panic!("{other:?}"),
    };
    let of_tenant = sql(of_tenant).bind(tenant.to_owned());
    if let Some((id,)) = app.db().read().await.unwrap().fetch_optional::<(i64,)>(of_tenant).await.unwrap() {
        return id;
    }
    let id = app.count(last).await + 1;
    let text = |text: &str| Value::Text(text.to_owned());
    let (now, day): (Value, Value) = (app.now().into(), app.now().utc().date_naive().into());
    let (insert, middle) = match resource_type {
        Resource::Task => {
            let (week, year) = (Value::Int(6), Value::Int(2026));
            (TASK, vec![text("x"), text("pending"), text("low"), week, year, text("[]"), text("x"), Value::Int(1)])
        }
        Resource::Meeting => (MEETING, vec![text("x"), now.clone(), text("draft"), text("x"), Value::Int(1)]),
        Resource::ActionItem => {
            let meeting = Box::pin(resource(app, tenant, Resource::Meeting)).await;
            (ITEM, vec![Value::Int(meeting), text("x"), text("pending")])
        }
        _ => {
            let names = [text("C-1"), text("x"), text("x"), text("x"), text("x"), text("KRW"), day.clone(), day];
            let rest = [Value::Bool(false), text("active"), text("x"), Value::Int(1)];
            (CONTRACT, names.into_iter().chain(rest).collect())
        }
    };
    let mut row = vec![text(tenant), Value::Int(id)];
    row.extend(middle);
    row.extend([now.clone(), now]);
    app.execute(sql(insert).values([row])).await;
    id
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
