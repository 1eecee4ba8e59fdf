create table contracts (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    contract_number text not null,
    customer_name text not null,
    customer_name_folded text not null,
    title text not null,
    description text,
    amount_encrypted text not null,
    currency text not null,
    start_date date not null,
    end_date date not null,
    auto_renewal boolean not null,
    status text not null check (status in ('draft', 'active', 'expired', 'terminated', 'renewed')),
    contact_email text,
    contact_phone text,
    notes text,
    search_text text not null,
    version integer not null,
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    unique (tenant_id, id),
    unique (tenant_id, contract_number),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index contracts_end_date on contracts (tenant_id, end_date, id);
create index contracts_start_date on contracts (tenant_id, start_date, id);
create index contracts_created_at on contracts (tenant_id, created_at, id);
create index contracts_updated_at on contracts (tenant_id, updated_at, id);
create index contracts_customer_name on contracts (tenant_id, customer_name, id);
create index contracts_title on contracts (tenant_id, title, id);
create index contracts_status on contracts (tenant_id, status, end_date, id);
create index contracts_created_by on contracts (tenant_id, created_by);

create table contract_history (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    contract_id integer not null,
    action text not null,
    changes text not null check (json_valid(changes)),
    created_at datetime not null,
    updated_at datetime not null,
    created_by integer,
    foreign key (tenant_id, contract_id) references contracts (tenant_id, id) on delete cascade,
    foreign key (tenant_id, created_by) references users (tenant_id, id)
);

create index contract_history_contract_id on contract_history (tenant_id, contract_id, id);
create index contract_history_created_by on contract_history (tenant_id, created_by);
