-- What each daily job did last, and who runs it now. The jobs belong to no tenant.
create table if not exists job_runs (
    name varchar(50) not null primary key,
    lease_holder varchar(50),
    lease_until datetime(6),
    -- How often it was begun.
    runs bigint not null,
    -- How often it failed since it last went well.
    failures bigint not null,
    last_day date,
    last_started_at datetime(6),
    last_finished_at datetime(6),
    last_outcome varchar(10) check (last_outcome in ('ok', 'failed')),
    last_message text,
    last_duration_ms bigint
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- Which contracts' ends were told of, and how many days before.
create table if not exists contract_reminders (
    tenant_id varchar(50) not null,
    contract_id bigint not null,
    end_date date not null,
    days smallint not null,
    sent_at datetime(6) not null,
    primary key (tenant_id, contract_id, end_date, days),
    foreign key (tenant_id, contract_id) references contracts (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- Which tasks were told to be overdue.
create table if not exists task_reminders (
    tenant_id varchar(50) not null,
    task_id bigint not null,
    due_date datetime(6) not null,
    sent_at datetime(6) not null,
    primary key (tenant_id, task_id, due_date),
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- What the job looks for; there are far more tasks that were due and are done.
create index if not exists tasks_overdue on tasks (tenant_id, status_rank, due_date, id, assigned_to);
