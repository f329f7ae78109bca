-- As 0120: no index has a state in its condition, nor a moment that each attempt changes, so that the steps of a payment are made in
-- place. Of those about which nobody is asked any more a column tells, which changes when they come and go.
alter table payments.payment add column is_unanswered boolean not null default false;
update payments.payment set is_unanswered = true
where state = 'unknown' and closed_at is null and next_inquiry_at is null;
create function payments.show_unanswered() returns trigger language plpgsql as $$
begin
  new.is_unanswered := new.state = 'unknown' and new.closed_at is null and new.next_inquiry_at is null;
  return new;
end $$;
create trigger payment_unanswered_shows before insert or update on payments.payment for each row
  when (new.is_unanswered <> (new.state = 'unknown' and new.closed_at is null and new.next_inquiry_at is null))
  execute function payments.show_unanswered();
drop index payments.payment_unanswered;
create index payment_unanswered on payments.payment (created_at) where is_unanswered;
