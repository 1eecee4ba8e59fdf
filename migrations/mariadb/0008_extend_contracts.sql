alter table contracts add column if not exists contract_type varchar(20) not null default 'service'
    check (contract_type in ('service', 'license', 'maintenance', 'nda', 'mou', 'other'));

alter table contracts add key if not exists contracts_contract_type (tenant_id, contract_type, end_date, id);

-- Which contract succeeds which; a table of its own, since SQLite adds no foreign key of two columns to a table that is
-- there.
create table if not exists contract_renewals (
    tenant_id varchar(50) not null,
    contract_id bigint not null,
    parent_id bigint not null,
    primary key (tenant_id, contract_id),
    unique key contract_renewals_parent_id (tenant_id, parent_id),
    foreign key (tenant_id, contract_id) references contracts (tenant_id, id) on delete cascade,
    foreign key (tenant_id, parent_id) references contracts (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
