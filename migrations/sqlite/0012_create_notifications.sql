create table notifications (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    user_id integer not null,
    -- Counts a user's notifications in the order of their commits, which ids do not keep on MariaDB.
    seq integer not null,
    kind text not null,
    title text not null,
    resource_type text not null,
    resource_id integer not null,
    -- Whether the user sees it; otherwise it is only for an e-mail.
    in_app boolean not null,
    read_at datetime,
    created_at datetime not null,
    unique (tenant_id, id),
    unique (tenant_id, user_id, seq),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);

create index notifications_user_id on notifications (tenant_id, user_id, id);
create index notifications_unread on notifications (tenant_id, user_id, in_app, read_at, id);
create index notifications_created_at on notifications (tenant_id, created_at, id, read_at, in_app);

-- The last `seq` of each user. Whoever takes the next one holds the row until his commit.
create table notification_counters (
    tenant_id text not null,
    user_id integer not null,
    last_seq integer not null,
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) without rowid;

-- Those who are there already; each later one comes with its own.
insert into notification_counters (tenant_id, user_id, last_seq) select tenant_id, id, 0 from users;

-- Which kinds a user wants, and how. Without a row: in the application, and not by e-mail.
create table notification_preferences (
    tenant_id text not null,
    user_id integer not null,
    kind text not null,
    in_app boolean not null,
    email boolean not null,
    primary key (tenant_id, user_id, kind),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) without rowid;

-- Without a row the locale is ko.
create table notification_settings (
    tenant_id text not null,
    user_id integer not null,
    locale text not null check (locale in ('ko', 'en')),
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) without rowid;

create table stream_tickets (
    -- The SHA-256 of the ticket, in hex: who reads this table opens no stream.
    token_hash text not null primary key,
    tenant_id text not null,
    user_id integer not null,
    -- Of the access token that the ticket was given for, and of its session: with either the stream ends.
    jti text,
    sid text,
    token_generation integer not null,
    ends_at datetime not null,
    expires_at datetime not null,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) without rowid;

create index stream_tickets_expires_at on stream_tickets (tenant_id, user_id, expires_at);
