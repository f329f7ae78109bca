-- The newest payment whose response was heard: one that is heard again changes nothing.
alter table subscriptions.bill add column last_payment_id bigint;
