-- Tokens carry it; those with a smaller one are revoked.
alter table users add column token_generation integer not null default 0;

-- The name as searches see it. Names of before are folded well enough until they change.
alter table users add column name_folded text not null default '';

update users set name_folded = lower(name) where name_folded = '';

create index users_name on users (tenant_id, name, id);

create table invitations (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    email text not null,
    email_key text not null,
    role text not null check (role in ('owner', 'admin', 'editor', 'analyst', 'viewer')),
    -- The SHA-256 of the token, in hex: who reads this table cannot register.
    token_hash text not null unique,
    expires_at datetime not null,
    used_at datetime,
    created_at datetime not null,
    created_by integer not null,
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index invitations_created_at on invitations (tenant_id, created_at, id);
create index invitations_created_by on invitations (tenant_id, created_by);

-- Tokens that were revoked one by one, until they would have ended anyway.
create table revoked_tokens (
    tenant_id text not null,
    user_id integer not null,
    jti text not null,
    expires_at datetime not null,
    primary key (tenant_id, user_id, jti),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) without rowid;
