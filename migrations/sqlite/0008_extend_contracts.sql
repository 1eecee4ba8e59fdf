alter table contracts add column contract_type text not null default 'service'
    check (contract_type in ('service', 'license', 'maintenance', 'nda', 'mou', 'other'));

create index contracts_contract_type on contracts (tenant_id, contract_type, end_date, id);

-- Which contract succeeds which; a table of its own, since SQLite adds no foreign key of two columns to a table that is
-- there.
create table contract_renewals (
    tenant_id text not null,
    contract_id integer not null,
    parent_id integer not null,
    primary key (tenant_id, contract_id),
    unique (tenant_id, parent_id),
    foreign key (tenant_id, contract_id) references contracts (tenant_id, id) on delete cascade,
    foreign key (tenant_id, parent_id) references contracts (tenant_id, id) on delete cascade
) without rowid;
