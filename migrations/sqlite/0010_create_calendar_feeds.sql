-- The secret link by which a user's calendar program reads his calendar: at most one each.
create table calendar_feeds (
    id integer primary key autoincrement,
    tenant_id text not null references tenants (id),
    user_id integer not null,
    -- The SHA-256 of the token, in hex: who reads this table reads no calendar.
    token_hash text not null unique,
    -- The language of the calendar's own words, since programs ask for none.
    locale text not null check (locale in ('en', 'ko')),
    -- The user's when it was made: with his sessions of then it ends.
    token_generation integer not null,
    created_at datetime not null,
    last_used_at datetime,
    unique (tenant_id, user_id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
