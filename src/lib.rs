//! MSSP BizCenter: tasks, meetings and contracts of a managed-security team, as an async REST API.
//!
//! A request goes router → guard → handler → store → row → answer, in one direction. Features stand side by side,
//! each with the same rooms: `routes` (what the API says), `types` (bodies and answers), `store` (SQL).

pub mod accept;
pub mod answer;
pub mod app;
pub mod audit;
pub mod auth;
pub mod background;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contracts;
pub mod csv_cell;
pub mod csv_export;
pub mod dashboard;
pub mod db;
pub mod edge;
pub mod error;
pub mod etag;
pub mod export;
pub mod extract;
pub mod fields;
pub mod health;
pub mod icalendar;
pub mod idempotency;
pub mod jobs;
pub mod letters;
pub mod mail;
pub mod meetings;
pub mod mirror;
pub mod notifications;
pub mod openapi;
pub mod origin;
pub mod page;
pub mod policy;
pub mod reports;
pub mod resource;
pub mod sealer;
pub mod server;
pub mod tasks;
pub mod telemetry;
pub mod users;
pub mod workflow;
