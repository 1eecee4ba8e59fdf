alter table meeting_attendees add column if not exists version bigint not null default 1;

alter table action_items add column if not exists version bigint not null default 1;
