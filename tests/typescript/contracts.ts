// Contracts: exact amounts, who sees them, their history and what follows them.

import assert from "node:assert/strict";
import { answer, header, ok, refused } from "./client.js";
import type { Schemas } from "./client.js";
import type { People } from "./people.js";

const NOW = Date.now();

/** The date so many days from now. */
function day(days: number): string {
  return new Date(NOW + days * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}

/** A contract is made, changed and renewed; its amount is for owners and admins. */
export async function contract({ owner, ownerId, editor, viewer }: People): Promise<void> {
  const body: Schemas["NewContract"] = {
    contract_number: "MSSP-001",
    customer_name: "Hangang Bank",
    title: "보안 관제",
    // More digits than a double keeps.
    amount: "123456789012345678.4567",
    start_date: day(-20),
    end_date: day(10),
    status: "active",
  };
  const made = await answer(201, owner.POST("/api/v1/contracts", { body }));
  const { contract } = made.data;
  const path = { contract_id: contract.id };
  assert.deepEqual([contract.amount, contract.currency, contract.contract_type], [body.amount, "KRW", "service"]);
  assert.deepEqual([contract.start_date, contract.end_date], [body.start_date, body.end_date]);
  const twice = await refused(409, "contract_number_taken", owner.POST("/api/v1/contracts", { body }));
  assert.equal(twice.error, "Contract number already exists");
  const wrong = { ...body, contract_number: "MSSP-002", amount: "1,000", end_date: day(-21) };
  const { errors } = await refused(400, "validation_failed", owner.POST("/api/v1/contracts", { body: wrong }));
  assert.deepEqual(errors, { amount: ["Not a valid number."], end_date: ["Must not be before start_date."] });

  const masked = await ok(200, editor.GET("/api/v1/contracts/{contract_id}", { params: { path } }));
  assert.deepEqual(masked.contract, { ...contract, amount: "***" });
  const forbidden = await refused(403, "insufficient_permissions", viewer.GET("/api/v1/contracts"));
  assert.deepEqual([forbidden.required_roles, forbidden.your_role], [["owner", "admin", "editor"], "viewer"]);

  const params = { path, header: { "If-Match": header(made.headers, "ETag") } };
  const change = { amount: "0.5", auto_renewal: true, notes: "메모" };
  const changed = await answer(200, owner.PATCH("/api/v1/contracts/{contract_id}", { params, body: change }));
  assert.deepEqual(
    changed.data.contract,
    { ...contract, ...change, version: 2, updated_at: changed.data.contract.updated_at },
  );
  await refused(412, "precondition_failed", owner.PATCH("/api/v1/contracts/{contract_id}", { params, body: change }));

  const expiring = { params: { query: { days: 30 } } };
  const soon = await ok(200, owner.GET("/api/v1/contracts/expiring", expiring));
  assert.deepEqual(soon.contracts, [changed.data.contract]);

  const current = { path, header: { "If-Match": header(changed.headers, "ETag") } };
  const next = { contract_number: "MSSP-002", amount: "600000", end_date: day(375) };
  const renew = () => owner.POST("/api/v1/contracts/{contract_id}/renew", { params: { path }, body: next });
  const renewed = await ok(201, owner.POST("/api/v1/contracts/{contract_id}/renew", { params: current, body: next }));
  assert.deepEqual(
    [renewed.contract.parent_id, renewed.contract.amount, renewed.contract.start_date, renewed.contract.status],
    [contract.id, "600000", day(11), "active"],
  );
  await refused(409, "already_renewed", renew());
  const successors = { params: { query: { parent_id: contract.id } } };
  assert.deepEqual((await ok(200, owner.GET("/api/v1/contracts", successors))).contracts, [renewed.contract]);
  assert.deepEqual((await ok(200, owner.GET("/api/v1/contracts/expiring", expiring))).contracts, []);

  const history = await ok(200, owner.GET("/api/v1/contracts/{contract_id}/history", { params: { path } }));
  assert.deepEqual(history.history.map(({ action, created_by }) => [action, created_by]), [
    ["renewed", ownerId],
    ["updated", ownerId],
    ["created", ownerId],
  ]);
  assert.deepEqual(history.history[1]?.changes, {
    amount: { from: body.amount, to: "0.5" },
    auto_renewal: { from: false, to: true },
    notes: { from: null, to: "메모" },
  });
  const query = { action: "updated" } as const;
  const hidden = await ok(200, editor.GET("/api/v1/contracts/{contract_id}/history", { params: { path, query } }));
  assert.deepEqual(hidden.history[0]?.changes["amount"], { from: "***", to: "***" });

  const filter = { params: { query: { customer_name: "hangang", sort: "contract_number" } } };
  const { contracts } = await ok(200, owner.GET("/api/v1/contracts", filter));
  assert.deepEqual(contracts.map(({ contract_number, status }) => [contract_number, status]), [
    ["MSSP-001", "renewed"],
    ["MSSP-002", "active"],
  ]);
  const accept = { headers: { Accept: "text/csv" }, parseAs: "text" } as const;
  const sheet = await ok(200, editor.GET("/api/v1/contracts", { ...filter, ...accept }));
  assert.deepEqual([...sheet.matchAll(/,(\*{3}|600000|0\.5),KRW,/g)].map(([, amount]) => amount), ["***", "***"]);
}
