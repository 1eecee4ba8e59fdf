// Meetings, who attends them, and what is to do after them.

import assert from "node:assert/strict";
import { answer, header, messages, ok, refused } from "./client.js";
import type { Schemas } from "./client.js";
import type { People } from "./people.js";

/** A meeting with attendees and an action item, which becomes a task; then it is published. */
export async function meeting({ owner, ownerId, viewer, viewerId }: People): Promise<void> {
  const body: Schemas["NewMeeting"] = { title: "주간 회의", meeting_date: "2026-02-09T10:00:00", location: "3층" };
  const made = await answer(201, owner.POST("/api/v1/meetings", { body }));
  const { meeting } = made.data;
  const path = { meeting_id: meeting.id };
  assert.deepEqual([meeting.title, meeting.location, meeting.agenda, meeting.status], ["주간 회의", "3층", null, "draft"]);
  assert.deepEqual([meeting.meeting_date, meeting.published_at], ["2026-02-09T10:00:00.000000Z", null]);
  assert.deepEqual([meeting.attendees, meeting.action_items], [[], []]);

  const both = [{ user_id: ownerId, role: "chair" }, { user_id: viewerId }, { user_id: 987654321 }];
  const add = (attendees: Schemas["NewAttendee"][]) =>
    owner.POST("/api/v1/meetings/{meeting_id}/attendees", { params: { path }, body: { attendees } });
  const stranger = await refused(400, "validation_failed", add(both));
  assert.deepEqual(messages(stranger.errors), ["attendees.2.user_id: Not an active user of this tenant."]);
  const { attendees } = await ok(201, add(both.slice(0, 2)));
  assert.deepEqual(attendees.map(({ user_name, role, attendance }) => [user_name, role, attendance]), [
    ["김지은", "chair", "invited"],
    ["Han", null, "invited"],
  ]);
  await refused(409, "attendee_exists", add([{ user_id: viewerId }]));
  const attendee = { ...path, attendee_id: attendees[1]?.id ?? 0 };
  const came = { params: { path: attendee }, body: { attendance: "attended" } } as const;
  const changed = await ok(200, viewer.PATCH("/api/v1/meetings/{meeting_id}/attendees/{attendee_id}", came));
  assert.equal(changed.attendee.attendance, "attended");
  const one = owner.GET("/api/v1/meetings/{meeting_id}/attendees/{attendee_id}", { params: { path: attendee } });
  assert.deepEqual((await ok(200, one)).attendee, changed.attendee);

  const todo = { description: "방화벽 점검", assigned_to: viewerId, due_date: "2026-02-20T00:00:00Z" };
  const items = owner.POST("/api/v1/meetings/{meeting_id}/action-items", { params: { path }, body: todo });
  const { action_item } = await ok(201, items);
  const stale = { path: { ...path, item_id: action_item.id }, header: { "If-Match": '"7"' } };
  const late = owner.DELETE("/api/v1/meetings/{meeting_id}/action-items/{item_id}", { params: stale });
  await refused(412, "precondition_failed", late);
  assert.deepEqual([action_item.assignee_name, action_item.status, action_item.task_id], ["Han", "pending", null]);
  const item = { params: { path: { ...path, item_id: action_item.id } } };
  const convert = () =>
    owner.POST("/api/v1/meetings/{meeting_id}/action-items/{item_id}/convert-to-task", {
      ...item,
      body: { priority: "high" },
    });
  const converted = await ok(201, convert());
  const { task } = converted;
  assert.deepEqual(converted.action_item, { ...action_item, task_id: task.id, version: 2 });
  assert.deepEqual([task.title, task.assigned_to, task.priority], ["방화벽 점검", viewerId, "high"]);
  assert.deepEqual([task.week_number, task.year], [8, 2026]);
  await refused(409, "already_converted", convert());
  const done = { params: { path: { task_id: task.id } }, body: { status: "completed" } } as const;
  await ok(200, viewer.PATCH("/api/v1/tasks/{task_id}", done));
  const after = await ok(200, owner.GET("/api/v1/meetings/{meeting_id}/action-items/{item_id}", item));
  assert.equal(after.action_item.status, "completed");

  // The tag that came with the new meeting still counts: attendees and action items are no change of the meeting.
  const params = { path, header: { "If-Match": header(made.headers, "ETag") } };
  const published = await ok(200, owner.POST("/api/v1/meetings/{meeting_id}/publish", { params }));
  assert.deepEqual([published.meeting.status, published.meeting.version], ["published", 2]);
  assert.match(published.meeting.published_at ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const tooLate = { params, body: { notes: "…" } };
  await refused(412, "precondition_failed", owner.PATCH("/api/v1/meetings/{meeting_id}", tooLate));
  const query = { status: "published", from_date: "2026-02-09", to_date: "2026-02-09" } as const;
  const list = await ok(200, viewer.GET("/api/v1/meetings", { params: { query } }));
  assert.deepEqual([list.total, list.meetings], [1, [published.meeting]]);
  assert.deepEqual(list.meetings[0]?.action_items.map(({ status }) => status), ["completed"]);
}
