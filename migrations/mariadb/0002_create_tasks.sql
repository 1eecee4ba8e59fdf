create table if not exists tasks (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    title varchar(255) not null,
    description mediumtext,
    status varchar(20) not null check (status in ('pending', 'in_progress', 'review', 'completed', 'cancelled')),
    -- Sorting by status or priority follows their meaning, not their spelling.
    status_rank smallint generated always as (
        case status when 'pending' then 1 when 'in_progress' then 2 when 'review' then 3 when 'completed' then 4 else 5 end
    ) virtual,
    priority varchar(20) not null check (priority in ('low', 'medium', 'high', 'urgent')),
    priority_rank smallint generated always as (
        case priority when 'low' then 1 when 'medium' then 2 when 'high' then 3 else 4 end
    ) virtual,
    assigned_to bigint,
    due_date datetime(6),
    week_number smallint not null check (week_number between 1 and 53),
    year smallint not null check (year between 2020 and 2100),
    tags mediumtext not null check (json_valid(tags)),
    search_text mediumtext not null,
    version bigint not null,
    created_at datetime(6) not null,
    updated_at datetime(6) not null,
    created_by bigint,
    unique key tasks_tenant_id_id (tenant_id, id),
    key tasks_created_at (tenant_id, created_at, id),
    key tasks_updated_at (tenant_id, updated_at, id),
    key tasks_due_date (tenant_id, due_date, id),
    key tasks_title (tenant_id, title, id),
    key tasks_week (tenant_id, year, week_number, id),
    key tasks_year (tenant_id, year, id),
    key tasks_week_number (tenant_id, week_number, id),
    key tasks_status (tenant_id, status_rank, id),
    key tasks_priority (tenant_id, priority_rank, id),
    key tasks_assigned_to (tenant_id, assigned_to, created_at, id),
    key tasks_created_by (tenant_id, created_by, created_at, id),
    foreign key (tenant_id) references tenants (id),
    foreign key (tenant_id, assigned_to) references users (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- The tags of a task once more, one row each, so that a filter by tag has an index.
create table if not exists task_tags (
    tenant_id varchar(50) not null,
    tag varchar(100) not null,
    task_id bigint not null,
    primary key (tenant_id, tag, task_id),
    key task_tags_task_id (tenant_id, task_id),
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

create table if not exists task_comments (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    task_id bigint not null,
    content mediumtext not null,
    created_at datetime(6) not null,
    updated_at datetime(6) not null,
    created_by bigint,
    key task_comments_task_id (tenant_id, task_id, created_at, id),
    key task_comments_created_by (tenant_id, created_by),
    foreign key (tenant_id) references tenants (id),
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references users (tenant_id, id)
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
