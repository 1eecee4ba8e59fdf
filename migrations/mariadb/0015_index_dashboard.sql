-- Only a short column can be in an index. What the server seals has 80 letters at most, all of them ASCII. What would not
-- fit stops this before anything is changed: nobody's text is cut.
begin not atomic
    if exists (
        select id from contracts
        where length(amount_encrypted) > 255 or length(amount_encrypted) <> char_length(amount_encrypted)
    ) then
        signal sqlstate '45000'
            set message_text = 'contracts.amount_encrypted: more than 255 characters, or one that is not ASCII';
    end if;
end;

alter table contracts modify amount_encrypted varchar(255) character set ascii collate ascii_nopad_bin not null;

-- Each holds all that a count of the dashboard looks at, so that the rows themselves are not read.
create index if not exists tasks_state on tasks (tenant_id, status, priority, assigned_to, due_date);
create index if not exists tasks_week_status on tasks (tenant_id, year, week_number, status, assigned_to);
create index if not exists action_items_status on action_items (tenant_id, status, assigned_to);

-- The sums are read from it, too.
create index if not exists contracts_amounts
    on contracts (tenant_id, start_date, id, status, currency, end_date, amount_encrypted);
