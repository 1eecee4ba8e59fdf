-- No foreign keys: a row outlives whatever it tells of, and whoever writes one locks nothing but it.
create table if not exists audit_logs (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    action varchar(50) not null,
    resource_type varchar(50) not null,
    resource_id bigint,
    user_id bigint,
    ip varchar(45),
    user_agent varchar(255),
    request_id varchar(128),
    changes mediumtext not null check (json_valid(changes)),
    created_at datetime(6) not null,
    -- Drawn by lot, so that no two rows are alike.
    nonce char(32) not null,
    -- The writer's code of all above.
    mac char(64) not null,
    -- The place in the tenant's chain; null until the row is sealed.
    seq bigint,
    previous_seal char(64),
    seal char(64),
    -- When it was sealed; in the seal.
    sealed_at datetime(6),
    -- Unique, so that whoever finds a row by it locks that row and not the gap behind it, where others write.
    unique key audit_logs_id (tenant_id, id),
    key audit_logs_action (tenant_id, action, id),
    key audit_logs_resource_type (tenant_id, resource_type, id),
    key audit_logs_resource_id (tenant_id, resource_id, id),
    key audit_logs_user_id (tenant_id, user_id, id),
    key audit_logs_created_at (tenant_id, created_at, id),
    -- Not unique: a row that somebody puts under the next number must not keep others from being sealed.
    key audit_logs_seq (tenant_id, seq, id)
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- Where each tenant's chain begins (first_seq, after previous_seal) and ends (last_seq with last_seal); signed as a whole.
create table if not exists audit_chains (
    tenant_id varchar(50) not null primary key,
    last_seq bigint not null,
    last_seal char(64) not null,
    last_sealed_at datetime(6),
    -- What the server itself has found wrong.
    faults bigint not null,
    fault_seq bigint,
    fault_at datetime(6),
    first_seq bigint not null,
    previous_seal char(64) not null,
    -- When the last row that was deleted had been sealed.
    deleted_until datetime(6),
    mac char(64) not null
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
