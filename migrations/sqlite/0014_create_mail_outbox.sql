-- Letters about notifications, filled in one transaction with them and sent after it.
create table mail_outbox (
    id integer primary key autoincrement,
    tenant_id text not null,
    notification_id integer not null,
    user_id integer not null,
    -- Sent, or dead: given up or not wanted any more.
    state text not null check (state in ('pending', 'sent', 'dead')),
    attempts integer not null,
    next_attempt_at datetime not null,
    -- Until then it is one server's; whoever takes it after that has another moment here.
    claimed_until datetime,
    last_error text,
    created_at datetime not null,
    sent_at datetime,
    unique (tenant_id, notification_id),
    foreign key (tenant_id, notification_id) references notifications (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);

create index mail_outbox_user_id on mail_outbox (tenant_id, user_id);
-- What is due, and what has been there for long, in all tenants.
create index mail_outbox_next_attempt_at on mail_outbox (state, next_attempt_at, id);
create index mail_outbox_created_at on mail_outbox (state, created_at);
