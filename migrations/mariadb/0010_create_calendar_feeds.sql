-- The secret link by which a user's calendar program reads his calendar: at most one each.
create table if not exists calendar_feeds (
    id bigint not null auto_increment primary key,
    tenant_id varchar(50) not null,
    user_id bigint not null,
    -- The SHA-256 of the token, in hex: who reads this table reads no calendar.
    token_hash char(64) not null,
    -- The language of the calendar's own words, since programs ask for none.
    locale varchar(5) not null check (locale in ('en', 'ko')),
    -- The user's when it was made: with his sessions of then it ends.
    token_generation bigint not null,
    created_at datetime(6) not null,
    last_used_at datetime(6),
    unique key calendar_feeds_token_hash (token_hash),
    unique key calendar_feeds_user_id (tenant_id, user_id),
    foreign key (tenant_id) references tenants (id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
) engine = innodb default character set utf8mb4 collate utf8mb4_nopad_bin;
