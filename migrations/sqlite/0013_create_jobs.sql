-- What each daily job did last, and who runs it now. The jobs belong to no tenant.
create table job_runs (
    name text not null primary key,
    lease_holder text,
    lease_until datetime,
    -- How often it was begun.
    runs integer not null,
    -- How often it failed since it last went well.
    failures integer not null,
    last_day date,
    last_started_at datetime,
    last_finished_at datetime,
    last_outcome text check (last_outcome in ('ok', 'failed')),
    last_message text,
    last_duration_ms integer
);

-- Which contracts' ends were told of, and how many days before.
create table contract_reminders (
    tenant_id text not null,
    contract_id integer not null,
    end_date date not null,
    days integer not null,
    sent_at datetime not null,
    primary key (tenant_id, contract_id, end_date, days),
    foreign key (tenant_id, contract_id) references contracts (tenant_id, id) on delete cascade
) without rowid;

-- Which tasks were told to be overdue.
create table task_reminders (
    tenant_id text not null,
    task_id integer not null,
    due_date datetime not null,
    sent_at datetime not null,
    primary key (tenant_id, task_id, due_date),
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade
) without rowid;

-- What the job looks for; there are far more tasks that were due and are done.
create index tasks_overdue on tasks (tenant_id, status_rank, due_date, id, assigned_to);
