create table if not exists tenants (
    id varchar(50) not null primary key,
    created_at datetime(6) not null
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;

create table if not exists users (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    email varchar(255) not null,
    -- Lower case may be longer: one letter becomes up to three.
    email_key varchar(765) not null,
    password_hash varchar(255) not null,
    name varchar(100) not null,
    role varchar(10) not null check (role in ('owner', 'admin', 'editor', 'analyst', 'viewer')),
    is_active boolean not null,
    last_login datetime(6),
    version bigint not null,
    created_at datetime(6) not null,
    updated_at datetime(6) not null,
    created_by bigint,
    unique key users_tenant_id_id (tenant_id, id),
    unique key users_email_key (email_key),
    foreign key (tenant_id) references tenants (id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
