create table if not exists notifications (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    user_id bigint not null,
    -- Counts a user's notifications in the order of their commits, which ids do not keep on MariaDB.
    seq bigint not null,
    kind varchar(50) not null,
    title varchar(255) not null,
    resource_type varchar(50) not null,
    resource_id bigint not null,
    -- Whether the user sees it; otherwise it is only for an e-mail.
    in_app boolean not null,
    read_at datetime(6),
    created_at datetime(6) not null,
    unique key notifications_tenant_id_id (tenant_id, id),
    unique key notifications_seq (tenant_id, user_id, seq),
    key notifications_user_id (tenant_id, user_id, id),
    key notifications_unread (tenant_id, user_id, in_app, read_at, id),
    key notifications_created_at (tenant_id, created_at, id, read_at, in_app),
    foreign key (tenant_id) references tenants (id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- The last `seq` of each user. Whoever takes the next one holds the row until his commit.
create table if not exists notification_counters (
    tenant_id varchar(50) not null,
    user_id bigint not null,
    last_seq bigint not null,
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- Those who are there already; each later one comes with its own.
insert ignore into notification_counters (tenant_id, user_id, last_seq) select tenant_id, id, 0 from users;

-- Which kinds a user wants, and how. Without a row: in the application, and not by e-mail.
create table if not exists notification_preferences (
    tenant_id varchar(50) not null,
    user_id bigint not null,
    kind varchar(50) not null,
    in_app boolean not null,
    email boolean not null,
    primary key (tenant_id, user_id, kind),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- Without a row the locale is ko.
create table if not exists notification_settings (
    tenant_id varchar(50) not null,
    user_id bigint not null,
    locale varchar(5) not null check (locale in ('ko', 'en')),
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

create table if not exists stream_tickets (
    -- The SHA-256 of the ticket, in hex: who reads this table opens no stream.
    token_hash char(64) not null primary key,
    tenant_id varchar(50) not null,
    user_id bigint not null,
    -- Of the access token that the ticket was given for, and of its session: with either the stream ends.
    jti varchar(64),
    sid varchar(64),
    token_generation bigint not null,
    ends_at datetime(6) not null,
    expires_at datetime(6) not null,
    key stream_tickets_expires_at (tenant_id, user_id, expires_at),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
