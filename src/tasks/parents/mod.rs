//! Which task is a part of which: one level deep.

pub mod store;
