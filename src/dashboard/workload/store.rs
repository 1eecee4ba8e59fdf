//! What is to be done, by who is to do it; the tasks and action items are read from an index alone.

use crate::auth::Scope;
use crate::dashboard::calendar::Calendar;
use crate::db::{Conn, DbResult, sql};
use crate::meetings::action_items::types::ActionItemStatus;
use crate::policy::Role;
use crate::tasks::types::TaskStatus;

/// What somebody has to do.
#[derive(Debug, sqlx::FromRow)]
pub struct WorkRow {
    /// Open tasks.
    pub open_tasks: i64,
    /// Those that were due before today.
    pub overdue: i64,
    /// Those that are due this week.
    pub due_this_week: i64,
    /// Those in review.
    pub in_review: i64,
    /// Completed tasks of this week.
    pub completed_this_week: i64,
    /// Open action items.
    pub open_action_items: i64,
}

/// A user, and what he has to do.
#[derive(Debug, sqlx::FromRow)]
pub struct UserWorkRow {
    /// Key.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// What he has to do.
    #[sqlx(flatten)]
    pub work: WorkRow,
}

macro_rules! open_tasks {
    () => {
        "count(*) as open_tasks, count(case when t.due_date < ? then 1 end) as overdue, \
         count(case when t.due_date >= ? and t.due_date < ? then 1 end) as due_this_week, \
         count(case when t.status = ? then 1 end) as in_review"
    };
}

/// The active users, and the others who have left something open; those with most open tasks first.
pub async fn list(conn: &mut Conn, scope: &Scope, calendar: Calendar, limit: i64) -> DbResult<Vec<UserWorkRow>> {
    const TASKS: &str =
        concat!("select t.assigned_to, ", open_tasks!(), " from tasks t where t.tenant_id = ? and t.status in ");
    const COMPLETED: &str = "select t.assigned_to, count(*) as completed from tasks t \
                             where t.tenant_id = ? and t.year = ? and t.week_number = ? and t.status = ? \
                             group by +t.assigned_to";
    const ACTION_ITEMS: &str = "select i.assigned_to, count(*) as open_items from action_items i \
                                where i.tenant_id = ? and i.status in ";
    let (today, week) = (calendar.start_of(calendar.today()), calendar.week());
    let (start, end) = calendar.span(week);
    let tasks = sql(TASKS).bind(today).bind(start).bind(end).bind(TaskStatus::Review);
    // Without the plus SQLite reads all tasks ever, in the order of their assignees, instead of the open ones.
    let tasks = tasks.bind(scope.tenant()).list(TaskStatus::OPEN).push(" group by +t.assigned_to");
    let completed = sql(COMPLETED).bind(scope.tenant()).bind(week.year).bind(week.number).bind(TaskStatus::Completed);
    let action_items =
        sql(ACTION_ITEMS).bind(scope.tenant()).list(ActionItemStatus::OPEN).push(" group by +i.assigned_to");
    let list = sql("select u.id, u.name, u.role, u.is_active, coalesce(o.open_tasks, 0) as open_tasks, \
                    coalesce(o.overdue, 0) as overdue, coalesce(o.due_this_week, 0) as due_this_week, \
                    coalesce(o.in_review, 0) as in_review, coalesce(d.completed, 0) as completed_this_week, \
                    coalesce(a.open_items, 0) as open_action_items from users u left join (")
    .append(&tasks)
    .push(") o on o.assigned_to = u.id left join (")
    .append(&completed)
    .push(") d on d.assigned_to = u.id left join (")
    .append(&action_items)
    .push(") a on a.assigned_to = u.id where u.tenant_id = ? ")
    .push("and (u.is_active = ? or o.open_tasks > 0 or a.open_items > 0) ")
    .push("order by coalesce(o.open_tasks, 0) desc, u.name, u.id limit ?");
    conn.fetch_all(list.bind(scope.tenant()).bind(true).bind(limit)).await
}

/// What nobody has been told to do.
pub async fn find_unassigned(conn: &mut Conn, scope: &Scope, calendar: Calendar) -> DbResult<WorkRow> {
    const TASKS: &str = concat!(
        "select ",
        open_tasks!(),
        ", (select count(*) from tasks d where d.tenant_id = ? and d.year = ? and d.week_number = ? and d.status = ? \
         and d.assigned_to is null) as completed_this_week, \
         (select count(*) from action_items i where i.tenant_id = ? and i.assigned_to is null and i.status in ",
    );
    const WHERE: &str = ") as open_action_items from tasks t where t.tenant_id = ? and t.assigned_to is null \
                         and t.status in ";
    let (today, week) = (calendar.start_of(calendar.today()), calendar.week());
    let (start, end) = calendar.span(week);
    let find = sql(TASKS).bind(today).bind(start).bind(end).bind(TaskStatus::Review);
    let find = find.bind(scope.tenant()).bind(week.year).bind(week.number).bind(TaskStatus::Completed);
    let find = find.bind(scope.tenant()).list(ActionItemStatus::OPEN).push(WHERE);
    conn.fetch_one(find.bind(scope.tenant()).list(TaskStatus::OPEN)).await
}
