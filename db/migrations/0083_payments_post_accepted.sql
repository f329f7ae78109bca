-- What was collected before there was a ledger: one transfer for each accepted payment, all of it the platform's, because
-- no contract was known then. In sets, so that no statement holds a day's charges in memory.
do $$
declare
  pair record; types record; receivable bigint; revenue bigint; places integer[]; done_after_customer bigint := -1;
  done_after bigint := -1; chunk record; account_ids bigint[]; size integer;
begin
  if not exists (select from payments.payment where state = 'accepted') then
    return;
  end if;
  -- The types as the standard configuration has them: written again at the next start.
  insert into ledger.account_type (name, title, normal_side, may_go_below_zero) values
    ('receivable', 'What a gateway has collected and not yet settled', 'debit', true),
    ('revenue', 'The platform''s share', 'credit', true)
  on conflict do nothing;
  for pair in select distinct gateway, currency from payments.payment where state = 'accepted' loop
    insert into ledger.account (type, client_id, currency, created_at) values
      ('receivable', pair.gateway, pair.currency, clock_timestamp()), ('revenue', '', pair.currency, clock_timestamp())
    on conflict do nothing;
    insert into ledger.balance (account_id, side, guarded, currency)
    select a.id, case t.normal_side when 'credit' then 1 else -1 end, not t.may_go_below_zero, a.currency
    from ledger.account a join ledger.account_type t on t.name = a.type
    where a.currency = pair.currency and (a.type, a.client_id) in (('receivable', pair.gateway), ('revenue', ''))
    on conflict do nothing;
    select id into receivable from ledger.account
      where type = 'receivable' and client_id = pair.gateway and currency = pair.currency and label = '';
    select id into revenue from ledger.account
      where type = 'revenue' and client_id = '' and currency = pair.currency and label = '';
    account_ids := array[least(receivable, revenue), greatest(receivable, revenue)];
    places := case when receivable < revenue then array[1, 2] else array[2, 1] end;
    done_after_customer := -1;
    done_after := -1;
    loop
      select array_agg(customer_id order by customer_id, id) as customers, array_agg(id order by customer_id, id) as ids,
        array_agg(amount_minor order by customer_id, id) as amounts
      into chunk from (
        select customer_id, id, amount_minor from payments.payment
        where state = 'accepted' and gateway = pair.gateway and currency = pair.currency
          and (customer_id, id) > (done_after_customer, done_after)
        order by customer_id, id limit 1000
      ) p;
      exit when chunk.ids is null;
      size := cardinality(chunk.ids);
      perform ledger.post(
        (select array_agg((lpad(to_hex(i), 16, '0') || lpad(to_hex(c), 16, '0'))::uuid order by n)
          from unnest(chunk.ids, chunk.customers) with ordinality as x (i, c, n)),
        (select array_agg(n::integer) from generate_series(1, size) n), array_fill('f'::text, array[size]),
        array_fill('charge'::text, array[size]), array_fill('before the ledger'::text, array[size]),
        (select array_agg(md5(x::text)::uuid) from unnest(chunk.ids) x), array_fill(null::uuid, array[size]),
        array_fill(''::text, array[size]), array_fill(2, array[size]),
        (select array_agg(place order by n, m) from generate_series(1, size) n, unnest(places) with ordinality as y (place, m)),
        array_fill(0, array[2 * size]),
        (select array_agg(case m when 1 then -a else a end order by n, m)
          from unnest(chunk.amounts) with ordinality as x (a, n), generate_series(1, 2) m),
        account_ids, clock_timestamp());
      done_after_customer := chunk.customers[size];
      done_after := chunk.ids[size];
    end loop;
  end loop;
end $$;
