-- Charges that a version without a ledger has recorded, at work beside this one during an upgrade: whoever posts says so
-- in the transaction that records, and what nobody says it of waits here to be posted.
create table payments.unposted (
  customer_id bigint not null,
  id bigint not null,
  gateway text not null,
  constraint unposted_pkey primary key (customer_id, id)
);

create function payments.leave_for_posting() returns trigger language plpgsql as $$
begin
  insert into payments.unposted (customer_id, id, gateway) values (new.customer_id, new.id, new.gateway)
  on conflict do nothing;
  return null;
end $$;
create trigger payment_is_posted after update on payments.payment for each row
  when (new.state = 'accepted' and old.state <> 'accepted'
    and coalesce(current_setting('kopek.posts', true), '') <> 'on')
  execute function payments.leave_for_posting();
