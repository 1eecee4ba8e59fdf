-- They were plain hashes of what was sent, passwords too. A row stays, with a fingerprint that no request has: one that is
-- sent again is refused, and does nothing twice.
update idempotency_keys set fingerprint = '';
