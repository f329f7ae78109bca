-- A refund is a payment the other way: a row of its own, with an id of its own towards the gateway.
alter table payments.payment
  add column kind text not null default 'charge',
  -- The charge that a refund gives back, of the same customer.
  add column refund_of bigint,
  -- Why it is given back, in the words of who asked.
  add column refund_reason text,
  -- Of a charge: what has been asked back and has not failed.
  add column refunded_minor bigint not null default 0,
  -- Attempts and questions made by versions that know refunds.
  add column calls integer not null default 0;
-- `not valid`: they hold for every row from here on, and those from before have the defaults. To look through all of
-- them would keep everybody waiting.
alter table payments.payment
  add constraint payment_kind_known check (kind in ('charge', 'refund')) not valid,
  add constraint payment_refund_has_charge check ((kind = 'refund') = (refund_of is not null)) not valid,
  add constraint payment_refunded_within_amount check (refunded_minor between 0 and amount_minor) not valid;

-- A version from before, at work beside this one, would take a refund for a charge. It does not count its calls here,
-- so its step changes nothing, the row is not in its hand, and who knows refunds takes it.
create function payments.leave_refund_alone() returns trigger language plpgsql as $$
begin
  return null;
end $$;
create trigger payment_refund_is_known before update on payments.payment for each row
  when (new.kind = 'refund' and new.calls <> new.attempts::integer + new.inquiries)
  execute function payments.leave_refund_alone();

-- Whether this operator takes money back for us.
alter table operators.operator add column refunds boolean not null default true;
