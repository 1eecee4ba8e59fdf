-- For the job that deletes what has expired, tenant by tenant.
create index invitations_expires_at on invitations (tenant_id, expires_at);
create index revoked_tokens_expires_at on revoked_tokens (tenant_id, expires_at);
create index stream_tickets_expiry on stream_tickets (tenant_id, expires_at);
