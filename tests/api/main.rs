//! The API as its clients see it: HTTP against a real server, every test on a database of its own, on SQLite and on
//! MariaDB.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::allow_attributes, reason = "whether on_both! needs one depends on the test")]
#![expect(clippy::needless_pass_by_value, reason = "an answer is looked at once")]

mod app;
mod client;
mod deadline;
mod mariadb;
mod program;

mod audit;
mod auth;
mod bad_input;
mod calendar;
mod command_line;
mod contracts;
mod cors;
mod curl_examples;
mod dashboard;
mod edge;
mod faults;
mod flask_faults;
mod hang_ups;
mod idempotency;
mod invitations;
mod isolation;
mod jobs;
mod lists;
mod mail;
mod meetings;
mod notifications;
mod openapi;
mod outage;
mod prepared;
mod processes;
mod races;
mod reports;
mod sessions;
mod statements;
mod tasks;
mod typescript;
mod users;
