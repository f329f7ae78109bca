-- What is done for everybody who comes: functions, because their plans are kept and are the way by the key, however empty the
-- tables were when a connection met them first. Also what foreign keys look up is planned in them, by the key.

-- Makes the customers of these numbers where they are new, and locks those that were there, in the order of their ids. `made` is
-- read first, so that nobody waits for a number that another is making while it holds a customer.
create function subscriptions.lock_customers(numbers text[], now timestamptz)
returns table (id bigint, msisdn text, consent_hash bytea) language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
    with made as (
      insert into subscriptions.customer (msisdn, created_at)
      select n.number, now from unnest(numbers) as n (number)
      where not exists (select from subscriptions.customer c where c.msisdn = n.number)
      on conflict do nothing
      returning id, msisdn, consent_hash
    ), known as (
      -- By the ids in their order: asked for by number and sorted, an empty table would be read whole along its key.
      select c.id, c.msisdn, c.consent_hash from subscriptions.customer c
      where c.id = any (array(
        select k.id from unnest(numbers) as n (number)
        cross join lateral (select k.id from subscriptions.customer k where k.msisdn = n.number offset 0) k
      ))
      order by c.id for no key update
    )
    select * from made union all select * from known;
end $$;

-- Writes consents down, and each customer's newest hash beside it. Of one customer's the last in the list is the newest. Answers
-- the visits of those that were written: a visit that has given a consent before, also this very moment, gives no other.
create function subscriptions.write_consents(consents json) returns setof text language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
    with given as materialized (
      select row_number() over () as place, g.* from json_to_recordset(consents) as g (
        customer_id bigint, id bigint, service_id integer, terms_version integer, visit text, method text,
        text_shown text, price_shown text, locale text, evidence jsonb, attribution jsonb, shown_at timestamptz,
        confirmed_at timestamptz, previous_hash text, hash text
      )
    ), written as (
      insert into subscriptions.consent (customer_id, id, service_id, terms_version, visit, method, text_shown,
        price_shown, locale, evidence, attribution, shown_at, confirmed_at, previous_hash, hash)
      select customer_id, id, service_id, terms_version, visit, method, text_shown, price_shown, locale, evidence,
        attribution, shown_at, confirmed_at, decode(previous_hash, 'hex'), decode(hash, 'hex') from given
      on conflict on constraint consent_once_per_visit do nothing
      returning visit
    ), chained as (
      update subscriptions.customer c set consent_hash = decode(n.hash, 'hex')
      from (
        select distinct on (customer_id) customer_id, hash from given join written using (visit)
        order by customer_id, place desc
      ) n
      where c.id = n.customer_id
    )
    select visit from written;
end $$;
