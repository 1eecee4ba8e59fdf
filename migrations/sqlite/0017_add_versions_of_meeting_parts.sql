alter table meeting_attendees add column version integer not null default 1;

alter table action_items add column version integer not null default 1;
