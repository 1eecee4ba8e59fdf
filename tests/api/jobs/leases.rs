//! When jobs are run, and by whom.

use std::time::{Duration, Instant};

use bizcenter::db::sql;
use bizcenter::jobs::lease::Lease;
use bizcenter::jobs::lease::store::{Ended, RunOutcome};
use bizcenter::jobs::{self, Report, State, scheduler};
use bizcenter::policy::Role::Owner;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{ALL, DAY, another_instance, run, run_due};
use crate::app::TestApp;
use crate::contracts::make;
use crate::on_both;

const NOTHING: [&str; 0] = [];

/// How often each job was begun.
async fn runs(app: &TestApp) -> Vec<(String, i64)> {
    let select = sql("select name, runs from job_runs order by name");
    app.db().read().await.unwrap().fetch_all(select).await.unwrap()
}

/// As if somebody who has crashed since had taken the lease of every job for a minute.
async fn crash(app: &TestApp) {
    for job in ALL {
        assert!(Lease::take(&app.state, job, None).await.unwrap().is_some(), "{job}");
    }
}

on_both! {
    async fn each_job_is_done_once_a_day_at_its_time(app) {
        // It is 19:17 in Seoul.
        assert_eq!(run_due(&app.state).await, ALL);
        assert_eq!(run_due(&app.state).await, NOTHING);
        // To 02:59:59.
        app.advance(7 * 3600 + 42 * 60 + 3);
        assert_eq!(run_due(&app.state).await, NOTHING);
        app.advance(1);
        assert_eq!(run_due(&app.state).await, ALL);
        app.advance(DAY - 1);
        assert_eq!(run_due(&app.state).await, NOTHING);
        app.advance(1);
        assert_eq!(run_due(&app.state).await, ALL);
    }

    async fn what_was_missed_is_caught_up_on_at_once(app) {
        run_due(&app.state).await;
        // To 01:00 five days later: the last time was missed, today's is still to come.
        app.advance(4 * DAY + 6 * 3600);
        assert_eq!(run_due(&app.state).await, ALL);
        assert_eq!(run_due(&app.state).await, NOTHING);
        app.advance(2 * 3600);
        assert_eq!(run_due(&app.state).await, ALL);
    }

    async fn the_time_is_a_setting(app, JOBS_AT = "20:00", APP_TIMEZONE = "Europe/Berlin") {
        // It is 11:17 in Berlin, and what was due the evening before was never done.
        assert_eq!(run_due(&app.state).await, ALL);
        app.advance(8 * 3600 + 42 * 60);
        assert_eq!(run_due(&app.state).await, NOTHING);
        app.advance(60);
        assert_eq!(run_due(&app.state).await, ALL);
    }

    async fn switched_off_jobs_only_run_by_hand(app, JOBS_AT = "off") {
        assert_eq!(run_due(&app.state).await, NOTHING);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        let status = jobs::list(&app.state).await.unwrap();
        assert!(status.iter().all(|job| job.next_run.is_none()), "{status:?}");
        // Another instance, where they are not switched off, still does the day's work.
        assert_eq!(run_due(&another_instance(&app).await).await, ALL);
    }

    async fn of_two_instances_one_runs_each_job(app) {
        let other = another_instance(&app).await;
        for day in 1..=5 {
            let both = tokio::join!(jobs::run_due(&app.state), jobs::run_due(&other));
            let reports = [both.0.unwrap(), both.1.unwrap()].concat();
            assert!(reports.iter().all(|(_, report)| matches!(report, Report::Done(_) | Report::Busy)), "{reports:?}");
            let mut expected = ALL.map(|job| (job.to_owned(), day));
            expected.sort();
            assert_eq!(runs(&app).await, expected);
            assert_eq!(run_due(&app.state).await, NOTHING);
            app.advance(DAY);
        }
    }

    async fn a_crashed_holder_is_followed_when_its_lease_lapses(app) {
        crash(&app).await;
        let first = ("contract_ends", Report::Busy);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), std::slice::from_ref(&first));
        for job in jobs::list(&app.state).await.unwrap() {
            assert_eq!((job.state, job.duration, job.message), (State::Running, None, None), "{}", job.job.name);
            // 03:00 in Seoul.
            assert_eq!(job.next_run.unwrap().utc().to_rfc3339(), "2026-02-07T18:00:00+00:00");
        }
        app.advance(59);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), [first]);
        app.advance(1);
        assert!(jobs::list(&app.state).await.unwrap().iter().all(|job| job.state == State::Interrupted));
        assert_eq!(run_due(&app.state).await, ALL);
        assert!(jobs::list(&app.state).await.unwrap().iter().all(|job| job.state == State::Done));
    }

    async fn a_lease_that_a_wrong_clock_has_left_is_nobodys(app) {
        app.advance(4 * 365 * DAY);
        crash(&app).await;
        app.advance(-4 * 365 * DAY);
        for job in jobs::list(&app.state).await.unwrap() {
            assert_eq!((job.state, job.next_run), (State::Interrupted, Some(app.now())), "{}", job.job.name);
        }
        assert_eq!(run_due(&app.state).await, ALL);
        assert_eq!(run_due(&app.state).await, NOTHING);
    }

    async fn a_holder_whose_clock_is_a_minute_ahead_is_believed(app) {
        app.advance(60);
        crash(&app).await;
        app.advance(-60);
        assert!(jobs::list(&app.state).await.unwrap().iter().all(|job| job.state == State::Running));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), [("contract_ends", Report::Busy)]);
        app.advance(-1);
        assert!(jobs::list(&app.state).await.unwrap().iter().all(|job| job.state == State::Interrupted));
        assert_eq!(run_due(&app.state).await, ALL);
    }

    async fn a_day_that_a_wrong_clock_has_left_is_not_done(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({"status": "active", "auto_renewal": true, "end_date": "2026-02-06"})).await;
        app.execute(sql("update contracts set amount_encrypted = 'v1.00000000.AAAA'")).await;
        // The first one fails then, and would rest from then on.
        app.advance(4 * 365 * DAY);
        assert_eq!(jobs::run_due(&app.state).await.unwrap().len(), ALL.len());
        assert_eq!(run_due(&app.state).await, NOTHING);
        app.advance(-4 * 365 * DAY);
        let status = jobs::list(&app.state).await.unwrap();
        assert!(status.iter().all(|job| job.next_run == Some(app.now())), "{status:?}");
        let reports = jobs::run_due(&app.state).await.unwrap();
        assert_eq!(reports.iter().map(|(job, _)| *job).collect::<Vec<_>>(), ALL);
        assert!(matches!(reports[0].1, Report::Failed(_)), "{reports:?}");
        assert_eq!(run_due(&app.state).await, NOTHING);
        // It was its second failure.
        app.advance(120);
        assert_eq!(jobs::run_due(&app.state).await.unwrap().len(), 1);
    }

    async fn a_day_that_was_done_ahead_of_time_stays_done(app) {
        app.advance(DAY);
        run_due(&app.state).await;
        app.advance(-DAY);
        assert_eq!(run_due(&app.state).await, NOTHING);
        app.advance(-DAY);
        assert_eq!(run_due(&app.state).await, ALL);
    }

    async fn whoever_has_lost_the_lease_changes_nothing(app) {
        let old = Lease::take(&app.state, "clean_up", None).await.unwrap().unwrap();
        assert!(Lease::take(&app.state, "clean_up", None).await.unwrap().is_none());
        app.advance(60);
        let new = Lease::take(&app.state, "clean_up", None).await.unwrap().unwrap();
        for (lease, is_held) in [(&old, false), (&new, true)] {
            let mut tx = app.db().begin().await.unwrap();
            assert_eq!((lease.hold(&mut tx, app.now()).await.is_ok(), lease.is_lost()), (is_held, !is_held));
            tx.commit().await.unwrap();
        }
        let ended = Ended {
            outcome: RunOutcome::Done, message: "done".into(), day: None, finished_at: app.now(), duration_ms: 0,
        };
        old.give_back(&app.state).await.unwrap();
        assert!(!old.end(&app.state, &ended).await.unwrap());
        assert_eq!(run(&app.state, "clean_up").await, Report::Busy);
        assert!(new.end(&app.state, &ended).await.unwrap());
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
    }

    async fn a_lease_is_prolonged_by_whoever_holds_it(app) {
        let lease = Lease::take(&app.state, "clean_up", None).await.unwrap().unwrap();
        for _ in 0..3 {
            app.advance(59);
            let mut tx = app.db().begin().await.unwrap();
            lease.hold(&mut tx, app.now()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(run(&app.state, "clean_up").await, Report::Busy);
        }
    }

    async fn a_failed_job_is_tried_again_after_longer_and_longer_rests(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({"status": "active", "auto_renewal": true, "end_date": "2026-02-06"})).await;
        app.execute(sql("update contracts set amount_encrypted = 'v1.00000000.AAAA'")).await;
        assert_eq!(jobs::run_due(&app.state).await.unwrap().len(), ALL.len());
        for rest in [60, 120, 240] {
            app.advance(rest - 1);
            assert_eq!(run_due(&app.state).await, NOTHING);
            app.advance(1);
            let reports = jobs::run_due(&app.state).await.unwrap();
            assert!(matches!(reports[..], [("contract_ends", Report::Failed(_))]), "{reports:?}");
        }
        let status = jobs::list(&app.state).await.unwrap();
        assert_eq!(status[0].state, State::Failed);
        assert_eq!(status[0].next_run.unwrap().seconds(), app.now().seconds() + 480);
        app.execute(sql("update contracts set auto_renewal = ?").bind(false)).await;
        app.advance(480);
        assert_eq!(run_due(&app.state).await, ["contract_ends"]);
        assert_eq!(run_due(&app.state).await, NOTHING);
        // The next failure counts from the start.
        app.execute(sql("update contracts set status = 'active', auto_renewal = ?").bind(true)).await;
        app.advance(DAY);
        assert_eq!(jobs::run_due(&app.state).await.unwrap().len(), ALL.len());
        app.advance(60);
        assert_eq!(jobs::run_due(&app.state).await.unwrap().len(), 1);
    }

    async fn a_run_by_hand_does_the_days_work(app) {
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(run_due(&app.state).await, ALL[..4]);
        // And may be repeated at will.
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        app.advance(DAY);
        assert_eq!(run_due(&app.state).await, ALL);
    }

    async fn a_run_that_is_told_to_stop_leaves_the_job_to_others(app) {
        let stop = CancellationToken::new();
        stop.cancel();
        // Whether the work or the order to stop comes first is open; the lease is given back either way.
        let report = jobs::run(&app.state, jobs::find("clean_up").unwrap(), &stop).await.unwrap();
        assert!(matches!(report, Report::Stopped | Report::Done(_)), "{report:?}");
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
    }

    async fn the_scheduler_runs_what_is_due_until_it_is_stopped(app) {
        let stop = CancellationToken::new();
        let scheduler = tokio::spawn(scheduler::run(app.state.clone(), stop.clone()));
        let started = Instant::now();
        while app.count("select count(*) from job_runs where last_day is not null").await < 5 {
            assert!(started.elapsed() < Duration::from_secs(20), "nothing is run");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), scheduler).await.unwrap().unwrap();
        assert_eq!(run_due(&app.state).await, NOTHING);
    }

    async fn the_list_tells_how_jobs_stand(app) {
        let names = |status: &[jobs::Status]| status.iter().map(|status| status.job.name).collect::<Vec<_>>();
        let status = jobs::list(&app.state).await.unwrap();
        assert_eq!(names(&status), ALL);
        for job in status {
            assert_eq!((job.state, job.last_run, job.next_run), (State::Never, None, Some(app.now())));
            assert_eq!(job.message, None);
        }
        run_due(&app.state).await;
        let began = app.now();
        app.advance(3600);
        for job in jobs::list(&app.state).await.unwrap() {
            assert_eq!((job.state, job.last_run), (State::Done, Some(began)), "{}", job.job.name);
            // The clock stands still.
            assert_eq!((job.message.is_some(), job.duration), (true, Some(Duration::ZERO)));
            // 03:00 in Seoul.
            assert_eq!(job.next_run.unwrap().utc().to_rfc3339(), "2026-02-07T18:00:00+00:00");
        }
    }
}
