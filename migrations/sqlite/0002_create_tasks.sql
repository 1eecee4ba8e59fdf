create table tasks (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    title text not null,
    description text,
    status text not null check (status in ('pending', 'in_progress', 'review', 'completed', 'cancelled')),
    -- Sorting by status or priority follows their meaning, not their spelling.
    status_rank integer not null generated always as (
        case status when 'pending' then 1 when 'in_progress' then 2 when 'review' then 3 when 'completed' then 4 else 5 end
    ) virtual,
    priority text not null check (priority in ('low', 'medium', 'high', 'urgent')),
    priority_rank integer not null generated always as (
        case priority when 'low' then 1 when 'medium' then 2 when 'high' then 3 else 4 end
    ) virtual,
    assigned_to integer,
    due_date datetime,
    week_number integer not null check (week_number between 1 and 53),
    year integer not null check (year between 2020 and 2100),
    tags text not null check (json_valid(tags)),
    search_text text not null,
    version integer not null,
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    unique (tenant_id, id),
    foreign key (tenant_id, assigned_to) references users (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index tasks_created_at on tasks (tenant_id, created_at, id);
create index tasks_updated_at on tasks (tenant_id, updated_at, id);
create index tasks_due_date on tasks (tenant_id, due_date, id);
create index tasks_title on tasks (tenant_id, title, id);
create index tasks_week on tasks (tenant_id, year, week_number, id);
create index tasks_year on tasks (tenant_id, year, id);
create index tasks_week_number on tasks (tenant_id, week_number, id);
create index tasks_status on tasks (tenant_id, status_rank, id);
create index tasks_priority on tasks (tenant_id, priority_rank, id);
create index tasks_assigned_to on tasks (tenant_id, assigned_to, created_at, id);
create index tasks_created_by on tasks (tenant_id, created_by, created_at, id);

-- The tags of a task once more, one row each, so that a filter by tag has an index.
create table task_tags (
    tenant_id text not null,
    tag text not null,
    task_id integer not null,
    primary key (tenant_id, tag, task_id),
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade
) without rowid;

create index task_tags_task_id on task_tags (tenant_id, task_id);

create table task_comments (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    task_id integer not null,
    content text not null,
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index task_comments_task_id on task_comments (tenant_id, task_id, created_at, id);
create index task_comments_created_by on task_comments (tenant_id, created_by);
