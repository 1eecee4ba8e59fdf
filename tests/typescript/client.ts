// The generated client, and what the scenario asks of its answers.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

export type Schemas = components["schemas"];
type ApiError = Schemas["Error"];

/** What an operation answers. One whose errors have another shape than the one of all errors is no `Call`. */
type Call<T> = Promise<{ data?: T; error?: ApiError; response: Response }>;

const baseUrl = process.env["BIZCENTER_URL"] ?? assert.fail("BIZCENTER_URL is not set");

/** A client that sends this token, or none. It reads lists as JSON, unless a call asks for CSV. */
export function client(token?: string) {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return createClient<paths, "application/json">({ baseUrl, headers });
}

export type Client = ReturnType<typeof client>;

/** The data and the headers of an answer that must have this status. */
export async function answer<T>(status: number, call: Call<T>): Promise<{ data: T; headers: Headers }> {
  const { data, error, response } = await call;
  assert.equal(response.status, status, `${response.url}: ${JSON.stringify(error)}`);
  assert(data !== undefined, `${response.url} has no data`);
  return { data, headers: response.headers };
}

/** The data of an answer that must have this status. */
export async function ok<T>(status: number, call: Call<T>): Promise<T> {
  return (await answer(status, call)).data;
}

/** An answer that must have this status, and no body. */
export async function empty(status: 204 | 304, call: Call<unknown>): Promise<void> {
  const { data, error, response } = await call;
  assert.deepEqual([response.status, data || error || undefined], [status, undefined], response.url);
}

/** The error of an answer that must have this status and this code. */
export async function refused(status: number, code: string, call: Call<unknown>): Promise<ApiError> {
  const { error, response } = await call;
  assert(error, `${response.url}: ${response.status} instead of ${status} ${code}`);
  assert.deepEqual([response.status, error.code], [status, code], `${response.url}: ${JSON.stringify(error)}`);
  assert.equal(error.request_id, response.headers.get("X-Request-Id"));
  return error;
}

/** A header that must be there. */
export function header(headers: Headers, name: string): string {
  return headers.get(name) ?? assert.fail(`there is no ${name}`);
}

/** Every message of an error's `errors`, with the way to its field. */
export function messages(errors: ApiError["errors"], way: string[] = []): string[] {
  return Object.entries(errors ?? {}).flatMap(([name, fault]) => {
    const here = [...way, name];
    return Array.isArray(fault) ? fault.map((message) => `${here.join(".")}: ${message}`) : messages(fault, here);
  });
}
