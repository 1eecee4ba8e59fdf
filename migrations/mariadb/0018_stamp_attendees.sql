-- When somebody was last added to a meeting, changed there or removed: a calendar shows who attends, and its events must
-- not grow younger. No change of the meeting itself, whose version is its editors'.
alter table meetings add column if not exists attendees_changed_at datetime(6);

update meetings m set m.attendees_changed_at =
    (select max(a.updated_at) from meeting_attendees a where a.tenant_id = m.tenant_id and a.meeting_id = m.id)
    where m.attendees_changed_at is null;
