-- Requests that are not to have their effect twice, for a day.
create table idempotency_keys (
    tenant_id text not null,
    user_id integer not null,
    idempotency_key text not null,
    -- The SHA-256 of what was asked for, in hex.
    fingerprint text not null,
    -- What was answered, sealed.
    answer text not null,
    created_at datetime not null,
    primary key (tenant_id, user_id, idempotency_key),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) without rowid;

create index idempotency_keys_created_at on idempotency_keys (tenant_id, created_at);
