create table tenants (
    id text not null primary key,
    created_at datetime not null
);

create table users (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    email text not null,
    email_key text not null,
    password_hash text not null,
    name text not null,
    role text not null check (role in ('owner', 'admin', 'editor', 'analyst', 'viewer')),
    is_active boolean not null,
    last_login datetime,
    version integer not null,
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    unique (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create unique index users_email_key on users (email_key);
