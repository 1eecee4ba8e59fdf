// What goes over several features: the report of a week, and calendars.

import assert from "node:assert/strict";
import { answer, client, empty, header, ok, refused } from "./client.js";
import type { People } from "./people.js";

const asText = { parseAs: "text" } as const;

/** A week's report as data, as Markdown and as a page. */
export async function weeklyReport({ viewer }: People): Promise<void> {
  const query = { year: 2026, week: 7 };
  const { report } = await ok(200, viewer.GET("/api/v1/reports/weekly", { params: { query } }));
  assert.deepEqual([report.from, report.to, report.timezone], ["2026-02-09", "2026-02-15", "Asia/Seoul"]);
  assert.deepEqual(report.meetings.map(({ title, status, location }) => [title, status, location]), [
    ["주간 회의", "published", "3층"],
  ]);
  assert.deepEqual(report.meetings[0]?.attendees.map(({ name, attendance }) => [name, attendance]), [
    ["김지은", "invited"],
    ["Han", "attended"],
  ]);
  assert.deepEqual(Object.values(report.truncated), [false, false, false, false, false]);

  const markdown = { params: { query: { ...query, format: "markdown" } }, ...asText } as const;
  const document = await answer(200, viewer.GET("/api/v1/reports/weekly", markdown));
  assert.equal(header(document.headers, "Content-Type"), "text/markdown; charset=utf-8");
  assert.match(document.data, /^# Weekly report 2026-W07\n/);
  const headers = { Accept: "text/html", "Accept-Language": "ko" };
  const page = await ok(200, viewer.GET("/api/v1/reports/weekly", { params: { query }, headers, ...asText }));
  assert.match(page, /^<!DOCTYPE html><html lang="ko">/);
  const none = viewer.GET("/api/v1/reports/weekly", { params: { query: { year: 2025, week: 53 } } });
  await refused(400, "invalid_query", none);
}

/** A calendar by token and by link, and a meeting's. */
export async function calendars({ owner, viewer }: People): Promise<void> {
  const query = { scope: "all" } as const;
  const whole = await answer(200, owner.GET("/api/v1/calendar.ics", { params: { query }, ...asText }));
  assert.equal(header(whole.headers, "Content-Type"), "text/calendar; charset=utf-8");
  assert.match(whole.data, /^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/);
  const known = { query, header: { "If-None-Match": header(whole.headers, "ETag") } };
  await empty(304, owner.GET("/api/v1/calendar.ics", { params: known, ...asText }));

  const { meetings } = await ok(200, viewer.GET("/api/v1/meetings"));
  const path = { meeting_id: meetings[0]?.id ?? 0 };
  const one = await ok(200, viewer.GET("/api/v1/meetings/{meeting_id}/calendar.ics", { params: { path }, ...asText }));
  assert.match(one, /\r\nSUMMARY:주간 회의\r\n/);

  await refused(404, "calendar_feed_not_found", viewer.GET("/api/v1/calendar/feed"));
  const { calendar_feed } = await ok(201, viewer.POST("/api/v1/calendar/feed"));
  const token = calendar_feed.url.replace("/api/v1/calendar/feeds/", "");
  const link = () => client().GET("/api/v1/calendar/feeds/{token}", { params: { path: { token } }, ...asText });
  assert.match(await ok(200, link()), /^BEGIN:VCALENDAR\r\n/);
  const { created_at, last_used_at } = (await ok(200, viewer.GET("/api/v1/calendar/feed"))).calendar_feed;
  assert.equal(created_at, calendar_feed.created_at);
  assert.notEqual(last_used_at, null);
  await empty(204, viewer.DELETE("/api/v1/calendar/feed"));
  await refused(404, "calendar_feed_not_found", link());
}
