// Tasks, comments, many tasks at once, and tasks as CSV.

import assert from "node:assert/strict";
import { answer, empty, header, messages, ok, refused } from "./client.js";
import type { Schemas } from "./client.js";
import type { People } from "./people.js";

/** A task is made, read, changed by the first of two, and not by the second. */
export async function oneTask({ owner, ownerId, viewer, viewerId }: People): Promise<number> {
  const body: Schemas["NewTask"] = {
    title: "Weekly security report",
    description: "주간 보안 보고서",
    priority: "high",
    assigned_to: viewerId,
    due_date: "2026-02-13T18:00:00+09:00",
    week_number: 7,
    year: 2026,
    tags: ["report"],
  };
  const made = await answer(201, owner.POST("/api/v1/tasks", { body }));
  const { task, message } = made.data;
  const seen = header(made.headers, "ETag");
  const path = { task_id: task.id };
  assert.equal(message, "Task created successfully");
  assert.equal(header(made.headers, "Location"), `/api/v1/tasks/${task.id}`);
  assert.deepEqual([task.title, task.description, task.tags], [body.title, body.description, body.tags]);
  assert.deepEqual([task.status, task.priority], ["pending", "high"]);
  assert.deepEqual([task.due_date, task.assignee?.name], ["2026-02-13T09:00:00.000000Z", "Han"]);
  assert.deepEqual([task.created_by, task.parent_id, task.version], [ownerId, null, 1]);
  assert.deepEqual(await ok(200, viewer.GET("/api/v1/tasks/{task_id}", { params: { path } })), { task });
  const unchanged = { path, header: { "If-None-Match": seen } };
  await empty(304, owner.GET("/api/v1/tasks/{task_id}", { params: unchanged }));

  const params = { path, header: { "If-Match": seen } };
  const change = { status: "in_progress", due_date: null } as const;
  const changed = await ok(200, owner.PATCH("/api/v1/tasks/{task_id}", { params, body: change }));
  assert.deepEqual(changed.task, { ...task, ...change, version: 2, updated_at: changed.task.updated_at });
  const late = viewer.PATCH("/api/v1/tasks/{task_id}", { params, body: { title: "Mine" } });
  await refused(412, "precondition_failed", late);
  await refused(412, "precondition_failed", viewer.DELETE("/api/v1/tasks/{task_id}", { params }));
  const kept = await ok(200, viewer.GET("/api/v1/tasks/{task_id}", { params: { path } }));
  assert.deepEqual(kept.task, changed.task);

  const wrong = { title: "", week_number: 54, year: 2026, tags: ["report", "x".repeat(101)] };
  const { errors } = await refused(400, "validation_failed", owner.POST("/api/v1/tasks", { body: wrong }));
  assert.deepEqual(messages(errors), [
    "tags.1: Longer than maximum length 100.",
    "title: Length must be between 1 and 255.",
    "week_number: Must be greater than or equal to 1 and less than or equal to 53.",
  ]);
  const query = await refused(400, "invalid_query", owner.GET("/api/v1/tasks", { params: { query: { limit: 0 } } }));
  assert.deepEqual(query.errors, { limit: ["Must be greater than or equal to 1 and less than or equal to 1000."] });
  const nowhere = { path: { task_id: 987654321 } };
  const absent = await refused(404, "task_not_found", owner.GET("/api/v1/tasks/{task_id}", { params: nowhere }));
  assert.equal(absent.error, "Task not found");
  return task.id;
}

/** Everybody comments; nobody but the author, and admins, changes it. */
export async function comments({ owner, viewer, editor }: People, task_id: number): Promise<void> {
  const path = { task_id };
  const said = { params: { path }, body: { content: "확인했습니다" } };
  const made = await answer(201, viewer.POST("/api/v1/tasks/{task_id}/comments", said));
  const { comment } = made.data;
  assert.deepEqual([comment.task_id, comment.content, comment.author?.name], [task_id, "확인했습니다", "Han"]);
  const params = { path: { task_id, comment_id: comment.id }, header: { "If-Match": header(made.headers, "ETag") } };
  const body = { content: "Done" };
  const others = editor.PATCH("/api/v1/tasks/{task_id}/comments/{comment_id}", { params, body });
  await refused(403, "insufficient_permissions", others);
  const changed = await ok(200, viewer.PATCH("/api/v1/tasks/{task_id}/comments/{comment_id}", { params, body }));
  assert.deepEqual(changed.comment, { ...comment, ...body, version: 2, updated_at: changed.comment.updated_at });
  const stale = viewer.DELETE("/api/v1/tasks/{task_id}/comments/{comment_id}", { params });
  await refused(412, "precondition_failed", stale);
  await ok(201, owner.POST("/api/v1/tasks/{task_id}/comments", said));

  const inOrder = { params: { path, query: { sort: "id" } } };
  const list = await ok(200, owner.GET("/api/v1/tasks/{task_id}/comments", inOrder));
  assert.deepEqual(list.comments.map(({ author, content }) => [author?.role, content]), [
    ["viewer", "Done"],
    ["owner", "확인했습니다"],
  ]);
  const own = { path: params.path };
  await empty(204, viewer.DELETE("/api/v1/tasks/{task_id}/comments/{comment_id}", { params: own }));
  assert.equal((await ok(200, owner.GET("/api/v1/tasks/{task_id}", { params: { path } }))).task.comment_count, 1);
}

/** Subtasks are made and changed at once, all or none, and read page by page. */
export async function manyTasks({ owner }: People, parent_id: number): Promise<void> {
  const part = (title: string): Schemas["NewTask"] => ({ title, week_number: 8, year: 2026, parent_id });
  const wrong = { tasks: [part("a"), { ...part(""), tags: ["x".repeat(101)] }] };
  const { errors } = await refused(400, "validation_failed", owner.POST("/api/v1/tasks/bulk", { body: wrong }));
  assert.deepEqual(messages(errors), [
    "1.tags.0: Longer than maximum length 100.",
    "1.title: Length must be between 1 and 255.",
  ]);
  const titles = ["a", "b", "c"];
  const { tasks } = await ok(201, owner.POST("/api/v1/tasks/bulk", { body: { tasks: titles.map(part) } }));
  assert.deepEqual(tasks.map((task) => [task.title, task.parent_id]), titles.map((title) => [title, parent_id]));
  const changes: Schemas["TaskPatch"] = { priority: "urgent", tags: ["plan"] };
  const body = { ids: tasks.map(({ id }) => id), changes };
  const changed = await ok(200, owner.PATCH("/api/v1/tasks/bulk", { body }));
  assert.deepEqual(changed.tasks.map(({ priority, tags }) => ({ priority, tags })), tasks.map(() => changes));

  const filter = { week: 8, year: 2026, priority: "urgent", tag: "plan", sort: "-title", limit: 2 } as const;
  const page = await ok(200, owner.GET("/api/v1/tasks", { params: { query: { ...filter, page: 2 } } }));
  assert.deepEqual(page.tasks.map(({ title }) => title), ["a"]);
  assert.deepEqual([page.total, page.page, page.limit, page.pages, page.next_cursor], [3, 2, 2, 2, null]);
  const first = await ok(200, owner.GET("/api/v1/tasks", { params: { query: filter } }));
  const cursor = first.next_cursor ?? assert.fail("there is no second page");
  const rest = await ok(200, owner.GET("/api/v1/tasks", { params: { query: { ...filter, cursor } } }));
  assert.deepEqual([...first.tasks, ...rest.tasks].map(({ title }) => title), ["c", "b", "a"]);
  assert.deepEqual([rest.total, rest.next_cursor], [undefined, null]);
}

/** Tasks come from CSV and go as CSV; a part of a task goes for good. */
export async function taskFiles({ owner }: People): Promise<void> {
  const csv = "title,week_number,year,tags\n로그 점검,9,2026,log;check\n";
  const file = (body: string, dry_run: boolean) =>
    owner.POST("/api/v1/tasks/import", {
      params: { query: { dry_run } },
      headers: { "Content-Type": "text/csv" },
      body,
      bodySerializer: (text) => text,
    });
  const { errors } = await refused(400, "validation_failed", file(`${csv},54,2026,\n`, false));
  assert.deepEqual(messages(errors), [
    "3.title: Missing data for required field.",
    "3.week_number: Must be greater than or equal to 1 and less than or equal to 53.",
  ]);
  assert.deepEqual(await ok(200, file(csv, true)), { message: "Tasks can be imported", valid: 1 });
  assert.deepEqual(await ok(201, file(csv, false)), { message: "Tasks imported successfully", imported: 1 });

  const params = { query: { week: 9 } };
  const { tasks } = await ok(200, owner.GET("/api/v1/tasks", { params }));
  const [task] = tasks;
  assert.deepEqual([tasks.length, task?.title, task?.tags], [1, "로그 점검", ["log", "check"]]);
  const accept = { headers: { Accept: "text/csv" }, parseAs: "text" } as const;
  const sheet = await answer(200, owner.GET("/api/v1/tasks", { params, ...accept }));
  assert.equal(header(sheet.headers, "Content-Disposition"), 'attachment; filename="tasks.csv"');
  const [names, cells, ...none] = sheet.data.trimEnd().split("\r\n");
  assert.match(names ?? "", /^id,title,description,status,/);
  assert.match(cells ?? "", new RegExp(`^${task?.id},로그 점검,,pending,medium,.*,9,2026,log;check,`));
  assert.deepEqual(none, []);

  const path = { task_id: task?.id ?? 0 };
  await empty(204, owner.DELETE("/api/v1/tasks/{task_id}", { params: { path } }));
  await refused(404, "task_not_found", owner.GET("/api/v1/tasks/{task_id}", { params: { path } }));
}
