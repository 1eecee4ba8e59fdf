-- Letters about notifications, filled in one transaction with them and sent after it.
create table if not exists mail_outbox (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    notification_id bigint not null,
    user_id bigint not null,
    -- Sent, or dead: given up or not wanted any more.
    state varchar(10) not null check (state in ('pending', 'sent', 'dead')),
    attempts bigint not null,
    next_attempt_at datetime(6) not null,
    -- Until then it is one server's; whoever takes it after that has another moment here.
    claimed_until datetime(6),
    last_error varchar(255),
    created_at datetime(6) not null,
    sent_at datetime(6),
    unique key mail_outbox_notification_id (tenant_id, notification_id),
    key mail_outbox_user_id (tenant_id, user_id),
    -- What is due, and what has been there for long, in all tenants.
    key mail_outbox_next_attempt_at (state, next_attempt_at, id),
    key mail_outbox_created_at (state, created_at),
    foreign key (tenant_id, notification_id) references notifications (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
