//! Every change with all that is told of it, or nothing: the database fails at each row that a request writes, in turn.

mod calendar;
mod contents;
mod contracts;
mod meetings;
mod notifications;
mod people;
mod reads;
mod refusals;
mod scene;
mod stage;
mod statements;
mod tasks;
mod told;

use bizcenter::policy::Role::Owner;

use self::contents::Schema;
use self::stage::Stage;
use crate::client::Method;
use crate::isolation::{Rows, operations};
use crate::on_both;

/// The operations that are proven, each by the test of its part.
const PROVEN: [&[&str]; 7] = [
    calendar::OPERATIONS,
    contracts::OPERATIONS,
    meetings::OPERATIONS,
    notifications::OPERATIONS,
    people::OPERATIONS,
    reads::OPERATIONS,
    tasks::OPERATIONS,
];

/// Reading, with a reason to be left out here.
const LEFT_OUT: [(&str, &str); 2] =
    [("read_calendar_feed", "it keeps when the link was last used"), ("stream_notifications", "it does not end")];

on_both! {
    async fn every_operation_that_changes_something_is_proven(app) {
        for operation in operations(&app).await {
            let is_proven = PROVEN.iter().any(|operations| operations.contains(&operation.id.as_str()));
            assert!(is_proven || operation.method == Method::GET, "{} has no scene", operation.id);
        }
    }

    async fn reading_changes_nothing(app) {
        let schema = Schema::read(&app).await;
        let owner = app.user("tenant-a", Owner).await;
        let rows = Rows::make(&app, &owner).await;
        let before = schema.contents(&app).await;
        for operation in operations(&app).await {
            let is_left_out = LEFT_OUT.iter().any(|(id, _)| *id == operation.id);
            let leaves_a_row = reads::OPERATIONS.contains(&operation.id.as_str())
                && !reads::ONLY_AS_FILES.contains(&operation.id.as_str());
            if operation.method != Method::GET || is_left_out || leaves_a_row {
                continue;
            }
            let reply = operation.call(&app, &rows, "x").by(&owner).send().await;
            assert_eq!(reply.status, operation.success, "{}: {}", operation.id, reply.text());
            before.assert_same(&schema.contents(&app).await, &operation.id);
        }
    }

    async fn a_link_to_a_calendar_changes_whole_or_not_at_all(app) {
        let stage = Stage::set(&app).await;
        calendar::prove(&stage).await;
        stage.finish(calendar::OPERATIONS);
    }

    async fn contracts_change_with_all_that_is_told_of_them_or_not_at_all(app) {
        let stage = Stage::set(&app).await;
        contracts::prove(&stage).await;
        stage.finish(contracts::OPERATIONS);
    }

    async fn meetings_change_with_all_that_is_told_of_them_or_not_at_all(app) {
        let stage = Stage::set(&app).await;
        meetings::prove(&stage).await;
        stage.finish(meetings::OPERATIONS);
    }

    async fn notifications_change_whole_or_not_at_all(app) {
        let stage = Stage::set(&app).await;
        notifications::prove(&stage).await;
        stage.finish(notifications::OPERATIONS);
    }

    async fn people_change_with_all_that_is_told_of_them_or_not_at_all(app) {
        let stage = Stage::set(&app).await;
        people::prove(&stage).await;
        stage.finish(people::OPERATIONS);
    }

    async fn nobody_sees_an_amount_or_takes_a_file_without_a_row_in_the_audit_log(app) {
        let stage = Stage::set(&app).await;
        reads::prove(&stage).await;
        stage.finish(reads::OPERATIONS);
    }

    async fn what_is_refused_after_all_leaves_nothing(app) {
        let stage = Stage::set(&app).await;
        refusals::prove(&stage).await;
        stage.finish(&[]);
    }

    async fn tasks_change_with_all_that_is_told_of_them_or_not_at_all(app) {
        let stage = Stage::set(&app).await;
        tasks::prove(&stage).await;
        stage.finish(tasks::OPERATIONS);
    }
}
