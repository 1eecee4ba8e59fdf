create table meetings (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    title text not null,
    meeting_date datetime not null,
    location text,
    agenda text,
    notes text,
    decisions text,
    status text not null check (status in ('draft', 'published', 'archived')),
    search_text text not null,
    version integer not null,
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    unique (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index meetings_meeting_date on meetings (tenant_id, meeting_date, id);
create index meetings_created_at on meetings (tenant_id, created_at, id);
create index meetings_updated_at on meetings (tenant_id, updated_at, id);
create index meetings_title on meetings (tenant_id, title, id);
create index meetings_status on meetings (tenant_id, status, meeting_date, id);
create index meetings_created_by on meetings (tenant_id, created_by);

create table meeting_attendees (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    meeting_id integer not null,
    user_id integer not null,
    role text,
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    unique (tenant_id, meeting_id, user_id),
    foreign key (tenant_id, meeting_id) references meetings (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index meeting_attendees_user_id on meeting_attendees (tenant_id, user_id);
create index meeting_attendees_created_by on meeting_attendees (tenant_id, created_by);

create table action_items (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    meeting_id integer not null,
    task_id integer,
    description text not null,
    assigned_to integer,
    due_date datetime,
    status text not null check (status in ('pending', 'in_progress', 'completed', 'cancelled')),
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    unique (tenant_id, id),
    foreign key (tenant_id, meeting_id) references meetings (tenant_id, id) on delete cascade,
    foreign key (tenant_id, task_id) references tasks (tenant_id, id),
    foreign key (tenant_id, assigned_to) references users (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index action_items_meeting_id on action_items (tenant_id, meeting_id, id);
create index action_items_task_id on action_items (tenant_id, task_id);
create index action_items_assigned_to on action_items (tenant_id, assigned_to);
create index action_items_created_by on action_items (tenant_id, created_by);
