alter table meetings add column if not exists published_at datetime(6);

-- When it happened is not known; the last change is the nearest.
update meetings set published_at = updated_at where status = 'published' and published_at is null;

alter table meeting_attendees add column if not exists attendance varchar(20) not null default 'invited'
    check (attendance in ('invited', 'attended', 'absent'));
