//! The summary.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::store::{ContractCountRow, MeetingCountRow, TaskCountRow};
use crate::contracts::types::ContractStatus;
use crate::dashboard::amounts::{CurrencySum, Sum, Sums};
use crate::dashboard::types::TasksByStatus;
use crate::tasks::types::{TaskPriority, TaskStatus};

/// An answer with the summary.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryAnswer {
    /// The summary.
    pub summary: DashboardSummary,
}

/// What is to be done, and what contracts are worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct DashboardSummary {
    /// Tasks.
    pub tasks: TaskSummary,
    /// Meetings and their action items.
    pub meetings: MeetingSummary,
    /// Contracts. Only from editor up; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contracts: Option<ContractSummary>,
}

/// Tasks.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskSummary {
    /// All tasks.
    pub total: i64,
    /// By how far they are.
    pub by_status: TasksByStatus,
    /// By how important they are, whatever their status.
    pub by_priority: TasksByPriority,
    /// Neither completed nor cancelled, and due before today in `APP_TIMEZONE`.
    pub overdue: i64,
    /// Completed tasks whose week is this ISO week.
    pub done_this_week: i64,
}

/// Tasks by how important they are.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct TasksByPriority {
    /// Can wait.
    pub low: i64,
    /// As usual.
    pub medium: i64,
    /// Soon.
    pub high: i64,
    /// Now.
    pub urgent: i64,
}

/// Meetings and their action items.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingSummary {
    /// Meetings from now on, whatever their status.
    pub upcoming: i64,
    /// Meetings from Monday to Sunday of this ISO week, those that are over too.
    pub this_week: i64,
    /// Action items of all meetings that are neither completed nor cancelled.
    pub open_action_items: i64,
}

/// Contracts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContractSummary {
    /// All contracts.
    pub total: i64,
    /// By where they are in their life.
    pub by_status: ContractsByStatus,
    /// Active ones that end between today and 30 days from now, both included, as in `/contracts/expiring`.
    pub ending_in_30_days: i64,
    /// Active ones that end between today and 7 days from now, both included.
    pub ending_in_7_days: i64,
    /// What all contracts are worth, whatever their status: a sum per currency, sorted by it. Only for owner and admin;
    /// absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amounts: Option<Vec<CurrencySum>>,
    /// What the active ones among them are worth. Only for owner and admin; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub active_amounts: Option<Vec<CurrencySum>>,
}

/// Contracts by where they are in their life.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct ContractsByStatus {
    /// Being written.
    pub draft: i64,
    /// In force.
    pub active: i64,
    /// Past their end.
    pub expired: i64,
    /// Ended early.
    pub terminated: i64,
    /// Followed by another one.
    pub renewed: i64,
}

/// Contracts, counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContractCounts {
    total: i64,
    by_status: ContractsByStatus,
    ending: i64,
    ending_soon: i64,
}

impl TaskSummary {
    /// From the counts of all tasks, and of the completed ones of this week.
    pub fn new(rows: Vec<TaskCountRow>, done_this_week: i64) -> Self {
        let (mut by_status, mut by_priority, mut overdue) = (TasksByStatus::default(), TasksByPriority::default(), 0);
        for TaskCountRow { status, priority, tasks, due_before_today } in rows {
            by_status.add(status, tasks);
            by_priority.add(priority, tasks);
            if TaskStatus::OPEN.contains(&status) {
                overdue += due_before_today;
            }
        }
        Self { total: by_status.total(), by_status, by_priority, overdue, done_this_week }
    }
}

impl TasksByPriority {
    fn add(&mut self, priority: TaskPriority, tasks: i64) {
        *match priority {
            TaskPriority::Low => &mut self.low,
            TaskPriority::Medium => &mut self.medium,
            TaskPriority::High => &mut self.high,
            TaskPriority::Urgent => &mut self.urgent,
        } += tasks;
    }
}

impl From<MeetingCountRow> for MeetingSummary {
    fn from(row: MeetingCountRow) -> Self {
        let MeetingCountRow { upcoming, this_week, open_action_items } = row;
        Self { upcoming, this_week, open_action_items }
    }
}

impl ContractCounts {
    /// Counts these contracts.
    pub fn add(&mut self, row: &ContractCountRow) {
        let &ContractCountRow { status, contracts, ending, ending_soon } = row;
        self.by_status.add(status, contracts);
        self.total += contracts;
        if status == ContractStatus::Active {
            self.ending += ending;
            self.ending_soon += ending_soon;
        }
    }
}

impl ContractSummary {
    /// From the counts, and from the sums of those who may see them, by whether the contract is active.
    pub fn new(counts: ContractCounts, sums: Option<Sums<bool>>) -> Self {
        let ContractCounts { total, by_status, ending, ending_soon } = counts;
        let (amounts, active_amounts) = sums.map(split).unzip();
        let (ending_in_30_days, ending_in_7_days) = (ending, ending_soon);
        Self { total, by_status, ending_in_30_days, ending_in_7_days, amounts, active_amounts }
    }
}

/// The sums of all contracts, and those of the active ones.
fn split(sums: Sums<bool>) -> (Vec<CurrencySum>, Vec<CurrencySum>) {
    let (mut all, mut active) = (BTreeMap::<String, Sum>::new(), Vec::new());
    for ((is_active, currency), sum) in sums {
        if is_active {
            active.push(CurrencySum::from((currency.clone(), sum)));
        }
        all.entry(currency).or_default().merge(sum);
    }
    (all.into_iter().map(CurrencySum::from).collect(), active)
}

impl ContractsByStatus {
    fn add(&mut self, status: ContractStatus, contracts: i64) {
        *match status {
            ContractStatus::Draft => &mut self.draft,
            ContractStatus::Active => &mut self.active,
            ContractStatus::Expired => &mut self.expired,
            ContractStatus::Terminated => &mut self.terminated,
            ContractStatus::Renewed => &mut self.renewed,
        } += contracts;
    }
}
