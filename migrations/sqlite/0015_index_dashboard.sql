-- Each holds all that a count of the dashboard looks at, so that the rows themselves are not read.
create index tasks_state on tasks (tenant_id, status, priority, assigned_to, due_date);
create index tasks_week_status on tasks (tenant_id, year, week_number, status, assigned_to);
create index action_items_status on action_items (tenant_id, status, assigned_to);

-- The sums are read from it, too.
create index contracts_amounts on contracts (tenant_id, start_date, id, status, currency, end_date, amount_encrypted);
