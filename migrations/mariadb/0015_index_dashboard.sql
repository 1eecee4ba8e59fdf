-- Each holds all that a count of the dashboard looks at, so that the rows themselves are not read.
create index if not exists tasks_state on tasks (tenant_id, status, priority, assigned_to, due_date);
create index if not exists tasks_week_status on tasks (tenant_id, year, week_number, status, assigned_to);
create index if not exists action_items_status on action_items (tenant_id, status, assigned_to);
