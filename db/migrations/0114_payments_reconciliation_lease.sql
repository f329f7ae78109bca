-- Whoever compares says so again and again: what died on the way holds nobody up for long.
alter table payments.reconciliation add column lease_until timestamptz;
