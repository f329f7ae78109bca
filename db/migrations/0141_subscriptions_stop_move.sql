-- A move that was run can be stopped: those who were told of a higher price, and do not have it yet, are told that it is off.

alter table subscriptions.price_move drop constraint price_move_state_known;
alter table subscriptions.price_move add constraint price_move_state_known
  check (state in ('previewed', 'running', 'done', 'stopping', 'stopped')) not valid;
alter table subscriptions.price_move
  add column stopped_at timestamptz,
  add column stopped_by text,
  -- What is said by SMS to those for whom it is off.
  add column stop_text text,
  -- For whom it is off, and the last one who was looked at for that: where it goes on.
  add column called_off bigint not null default 0,
  add column off_after_customer_id bigint not null default 0,
  add column off_after_id bigint not null default 0;

alter table subscriptions.price_move_member
  -- When he was told that it is off.
  add column called_off_at timestamptz;
