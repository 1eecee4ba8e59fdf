-- Tokens carry it; those with a smaller one are revoked.
alter table users add column if not exists token_generation bigint not null default 0;

-- The name as searches see it. Names of before are folded well enough until they change.
alter table users add column if not exists name_folded text not null default '';

update users set name_folded = lower(name) where name_folded = '';

create index if not exists users_name on users (tenant_id, name, id);

create table if not exists invitations (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    email varchar(255) not null,
    -- Lower case may be longer: one letter becomes up to three.
    email_key varchar(765) not null,
    role varchar(10) not null check (role in ('owner', 'admin', 'editor', 'analyst', 'viewer')),
    -- The SHA-256 of the token, in hex: who reads this table cannot register.
    token_hash char(64) not null,
    expires_at datetime(6) not null,
    used_at datetime(6),
    created_at datetime(6) not null,
    created_by bigint not null,
    unique key invitations_token_hash (token_hash),
    key invitations_created_at (tenant_id, created_at, id),
    key invitations_created_by (tenant_id, created_by),
    foreign key (tenant_id) references tenants (id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

-- Tokens that were revoked one by one, until they would have ended anyway.
create table if not exists revoked_tokens (
    tenant_id varchar(50) not null,
    user_id bigint not null,
    jti varchar(64) not null,
    expires_at datetime(6) not null,
    primary key (tenant_id, user_id, jti),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
