-- Requests that are not to have their effect twice, for a day.
create table if not exists idempotency_keys (
    tenant_id varchar(50) not null,
    user_id bigint not null,
    idempotency_key varchar(255) not null,
    -- The SHA-256 of what was asked for, in hex.
    fingerprint char(64) not null,
    -- What was answered, sealed.
    answer mediumtext not null,
    created_at datetime(6) not null,
    primary key (tenant_id, user_id, idempotency_key),
    key idempotency_keys_created_at (tenant_id, created_at),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
