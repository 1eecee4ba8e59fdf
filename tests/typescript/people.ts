// Accounts, tokens, invitations and users.

import assert from "node:assert/strict";
import { answer, client, empty, header, ok, refused } from "./client.js";
import type { Client } from "./client.js";

const PASSWORD = "password123";

/** Three of one tenant, signed in. */
export interface People {
  owner: Client;
  ownerId: number;
  editor: Client;
  viewer: Client;
  viewerId: number;
}

async function signIn(email: string, password = PASSWORD): Promise<Client> {
  const { access_token } = await ok(200, client().POST("/api/v1/auth/login", { body: { email, password } }));
  return client(access_token);
}

/** The owner comes from the command line, the viewer by himself, the editor by invitation. */
export async function arrive(): Promise<People> {
  const anybody = client();
  assert.deepEqual(await ok(200, anybody.GET("/health")), { status: "healthy", version: "v1" });
  const nobody = await refused(401, "missing_token", anybody.GET("/api/v1/auth/me"));
  assert.equal(nobody.msg, "Missing Authorization Header");

  const email = "kim@acme.kr";
  const wrong = anybody.POST("/api/v1/auth/login", { body: { email, password: "wrong" } });
  await refused(401, "wrong_credentials", wrong);
  const session = await ok(200, anybody.POST("/api/v1/auth/login", { body: { email, password: PASSWORD } }));
  const { user: kim, refresh_token } = session;
  assert.deepEqual([kim.tenant_id, kim.name, kim.role, kim.is_active], ["acme", "김지은", "owner", true]);
  const { access_token } = await ok(200, anybody.POST("/api/v1/auth/refresh", { body: { refresh_token } }));
  const owner = client(access_token);
  assert.deepEqual(await ok(200, owner.GET("/api/v1/auth/me")), { user: kim });

  const nonsense = { email: "no address", password: "short", name: "x" };
  const error = await refused(400, "validation_failed", anybody.POST("/api/v1/auth/register", { body: nonsense }));
  assert.deepEqual(error.errors, {
    email: ["Not a valid email address."],
    name: ["Length must be between 2 and 100."],
    password: ["Shorter than minimum length 8."],
    tenant_id: ["Missing data for required field."],
  });
  const han = { email: "han@acme.kr", password: PASSWORD, name: "Han", tenant_id: "acme" };
  const { user: viewer } = await ok(201, anybody.POST("/api/v1/auth/register", { body: han }));
  assert.deepEqual([viewer.role, viewer.last_login], ["viewer", null]);
  await refused(409, "email_taken", anybody.POST("/api/v1/auth/register", { body: han }));

  const invite = { email: "lee@acme.kr", role: "editor" } as const;
  const { invitation } = await ok(201, owner.POST("/api/v1/auth/invitations", { body: invite }));
  const invite_token = invitation.token ?? assert.fail("the invitation has no token");
  const { invitations } = await ok(200, owner.GET("/api/v1/auth/invitations"));
  assert.deepEqual(invitations.map((open) => [open.email, open.token]), [["lee@acme.kr", undefined]]);
  const lee = { email: "lee@acme.kr", password: PASSWORD, name: "Lee", invite_token };
  const { user: editor } = await ok(201, anybody.POST("/api/v1/auth/register", { body: lee }));
  assert.deepEqual([editor.role, editor.tenant_id], ["editor", "acme"]);
  assert.equal((await ok(200, owner.GET("/api/v1/auth/invitations"))).total, 0);

  const [asEditor, asViewer] = [await signIn(lee.email), await signIn(han.email)];
  return { owner, ownerId: kim.id, editor: asEditor, viewer: asViewer, viewerId: viewer.id };
}

/** A user is made, promoted and let go; the last owner stays. */
export async function comeAndGo({ owner, ownerId, viewer }: People): Promise<void> {
  const park = { email: "park@acme.kr", password: PASSWORD, name: "Park", role: "analyst" } as const;
  const forbidden = await refused(403, "insufficient_permissions", viewer.POST("/api/v1/users", { body: park }));
  assert.deepEqual([forbidden.required_roles, forbidden.your_role], [["owner", "admin"], "viewer"]);
  const made = await answer(201, owner.POST("/api/v1/users", { body: park }));
  const path = { user_id: made.data.user.id };
  const params = { path, header: { "If-Match": header(made.headers, "ETag") } };

  const query = { sort: "name", is_active: true };
  const { users } = await ok(200, viewer.GET("/api/v1/users", { params: { query } }));
  assert.deepEqual(users.map(({ name, role }) => [name, role]), [
    ["Han", "viewer"],
    ["Lee", "editor"],
    ["Park", "analyst"],
    ["김지은", "owner"],
  ]);
  assert.equal(users[2]?.email, undefined, "only owners and admins see addresses");
  assert.equal((await ok(200, owner.GET("/api/v1/users/{user_id}", { params: { path } }))).user.email, park.email);

  const { user } = await ok(200, owner.PATCH("/api/v1/users/{user_id}", { params, body: { role: "admin" } }));
  assert.deepEqual([user.role, user.version], ["admin", 2]);
  await refused(412, "precondition_failed", owner.PATCH("/api/v1/users/{user_id}", { params, body: { name: "Pak" } }));

  const admin = await signIn(park.email);
  const passwords = { current_password: PASSWORD, new_password: "another password" };
  const renewed = await ok(200, admin.PUT("/api/v1/auth/password", { body: passwords }));
  await refused(401, "revoked_token", admin.GET("/api/v1/auth/me"));
  const again = client(renewed.access_token);
  await empty(204, again.POST("/api/v1/auth/logout", { body: { refresh_token: renewed.refresh_token } }));
  await refused(401, "revoked_token", again.GET("/api/v1/auth/me"));

  const out = { is_active: false };
  await ok(200, owner.PATCH("/api/v1/users/{user_id}", { params: { path }, body: out }));
  const login = client().POST("/api/v1/auth/login", { body: { email: park.email, password: "another password" } });
  await refused(403, "account_inactive", login);
  const last = owner.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id: ownerId } }, body: out });
  await refused(409, "last_owner", last);
}
