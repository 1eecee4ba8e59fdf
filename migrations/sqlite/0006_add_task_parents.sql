-- Which task is part of which. A table of its own: SQLite adds no foreign key of two columns to a table that is there,
-- and making `tasks` anew inside the migration's transaction would delete all tags and comments with the old one (foreign
-- keys cannot be switched off there) and forget which ids were ever given.
create table task_parents (
    tenant_id text not null,
    task_id integer not null,
    parent_id integer not null,
    primary key (tenant_id, task_id),
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
    foreign key (tenant_id, parent_id) references tasks (tenant_id, id) on delete cascade
) without rowid;

create index task_parents_parent_id on task_parents (tenant_id, parent_id, task_id);

alter table task_comments add column version integer not null default 1;
