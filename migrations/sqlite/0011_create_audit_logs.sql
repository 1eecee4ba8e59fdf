-- No foreign keys: a row outlives whatever it tells of, and whoever writes one locks nothing but it.
create table audit_logs (
    id integer primary key autoincrement,
    tenant_id text not null,
    action text not null,
    resource_type text not null,
    resource_id integer,
    user_id integer,
    ip text,
    user_agent text,
    request_id text,
    changes text not null check (json_valid(changes)),
    created_at datetime not null,
    -- Drawn by lot, so that no two rows are alike.
    nonce text not null,
    -- The writer's code of all above.
    mac text not null,
    -- The place in the tenant's chain; null until the row is sealed.
    seq integer check (typeof(seq) in ('integer', 'null')),
    previous_seal text,
    seal text,
    -- When it was sealed; in the seal.
    sealed_at datetime
);

create unique index audit_logs_id on audit_logs (tenant_id, id);
create index audit_logs_action on audit_logs (tenant_id, action, id);
create index audit_logs_resource_type on audit_logs (tenant_id, resource_type, id);
create index audit_logs_resource_id on audit_logs (tenant_id, resource_id, id);
create index audit_logs_user_id on audit_logs (tenant_id, user_id, id);
create index audit_logs_created_at on audit_logs (tenant_id, created_at, id);
-- Not unique: a row that somebody puts under the next number must not keep others from being sealed.
create index audit_logs_seq on audit_logs (tenant_id, seq, id);

-- Where each tenant's chain begins (first_seq, after previous_seal) and ends (last_seq with last_seal); signed as a whole.
create table audit_chains (
    tenant_id text not null primary key,
    last_seq integer not null check (typeof(last_seq) = 'integer'),
    last_seal text not null,
    last_sealed_at datetime check (last_sealed_at like '____-__-__T__:__:__%+00:00'),
    -- What the server itself has found wrong.
    faults integer not null check (typeof(faults) = 'integer'),
    fault_seq integer check (typeof(fault_seq) in ('integer', 'null')),
    fault_at datetime check (fault_at like '____-__-__T__:__:__%+00:00'),
    first_seq integer not null check (typeof(first_seq) = 'integer'),
    previous_seal text not null,
    -- When the last row that was deleted had been sealed.
    deleted_until datetime check (deleted_until like '____-__-__T__:__:__%+00:00'),
    mac text not null
) without rowid;
