//! Reports: what several features have to tell of a week, so that it stands above them.

mod escape;
mod format;
mod html;
mod markdown;
mod routes;
mod store;
pub mod types;
mod view;
mod week;
mod weekly;
mod words;

pub use routes::router;
