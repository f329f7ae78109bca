-- What was recorded between the posting of all that was there (0083) and the trigger that watches since (0085).
insert into payments.unposted (customer_id, id, gateway)
select p.customer_id, p.id, p.gateway from payments.payment p
where p.state = 'accepted' and p.kind = 'charge' and not exists (
  select from ledger.transfer t
  where t.id = (lpad(to_hex(p.id), 16, '0') || lpad(to_hex(p.customer_id), 16, '0'))::uuid
)
on conflict do nothing;
