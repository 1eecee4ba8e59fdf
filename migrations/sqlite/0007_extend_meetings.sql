alter table meetings add column published_at datetime;

-- When it happened is not known; the last change is the nearest.
update meetings set published_at = updated_at where status = 'published';

alter table meeting_attendees add column attendance text not null default 'invited'
    check (attendance in ('invited', 'attended', 'absent'));
