-- When somebody was last added to a meeting, changed there or removed: a calendar shows who attends, and its events must
-- not grow younger. No change of the meeting itself, whose version is its editors'.
alter table meetings add column attendees_changed_at datetime;

update meetings set attendees_changed_at =
    (select max(a.updated_at) from meeting_attendees a
     where a.tenant_id = meetings.tenant_id and a.meeting_id = meetings.id);
