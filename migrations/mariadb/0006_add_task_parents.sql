-- Which task is part of which. A table of its own, as on SQLite; and no key is added to the large table `tasks`.
create table if not exists task_parents (
    tenant_id varchar(50) not null,
    task_id bigint not null,
    parent_id bigint not null,
    primary key (tenant_id, task_id),
    key task_parents_parent_id (tenant_id, parent_id, task_id),
    foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
    foreign key (tenant_id, parent_id) references tasks (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

alter table task_comments add column if not exists version bigint not null default 1;
