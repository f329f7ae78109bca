-- An update that changes no indexed column stays in its page and touches no index, and a state that stands in the condition of an
-- index is such a column (see 0024). A payment takes three steps to its end: without such conditions the first two are made in place.
alter table payments.payment
  -- People have to look at it.
  add column is_conflicted boolean not null default false,
  set (fillfactor = 50);
update payments.payment set is_conflicted = true where state = 'conflicted';
create function payments.show_conflict() returns trigger language plpgsql as $$
begin
  new.is_conflicted := new.state = 'conflicted';
  return new;
end $$;
create trigger payment_conflict_shows before update on payments.payment for each row
  when (new.is_conflicted <> (new.state = 'conflicted')) execute function payments.show_conflict();

-- Those that wait for their payer on a page, or lie reserved since: nothing else charges by card without one that is saved,
-- but gateways that keep none. Which of them are over, their states tell.
create index payment_on_page on payments.payment (not_after) where closed_at is null and method = 'card' and card_id is null;
-- The few of which nobody knows the end are found among those that are open.
drop index payments.payment_presented, payments.payment_authorized, payments.payment_conflicted, payments.payment_unknown_card;
create index payment_conflicted on payments.payment (gateway) where is_conflicted;

-- What gateways say of their operations later (a fee), and what becomes of what they told, is written where it stands.
alter table payments.gateway_transaction set (fillfactor = 60);
alter table payments.notification set (fillfactor = 60);
-- It is cipher text: there is nothing in it to be made smaller.
alter table payments.notification alter column sealed set storage external;
