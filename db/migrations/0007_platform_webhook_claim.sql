-- Takes deliveries that are due, of endpoints that may be called, at most `most` in all and so many of each endpoint
-- that no more than `per_endpoint` are in anybody's hand (one, as a trial, where its breaker was open). Of each key of an
-- endpoint only the oldest that waits is taken; what waits behind one is marked, so that the next claim need not look at
-- it again. It waits for no lock of anybody: what is locked is left for the next time.
create or replace function platform.claim_webhook_deliveries(
  for_owner uuid, lease_ms bigint, at timestamptz, most integer, per_endpoint integer, failures_max integer
) returns setof platform.webhook_delivery language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
declare
  receiver record;
  left_over integer := most;
  room integer;
  parked integer;
  looked_at integer;
  rounds integer;
  taken_now bigint[];
  ids bigint[] := '{}';
begin
  for receiver in
    -- From endpoint to endpoint that something waits for, by the index: the others, however many, cost nothing.
    with recursive waiting (id) as (
      (select d.endpoint_id from platform.webhook_delivery d where d.state = 'waiting' and d.behind is null
        order by d.endpoint_id limit 1)
      union all
      select (select d.endpoint_id from platform.webhook_delivery d
        where d.state = 'waiting' and d.behind is null and d.endpoint_id > w.id order by d.endpoint_id limit 1)
      from waiting w where w.id is not null
    )
    select e.id, e.failures from waiting w join platform.webhook_endpoint e on e.id = w.id
    where e.enabled and e.deleted_at is null and (e.open_until is null or e.open_until <= clock_timestamp())
      and exists (
        select from platform.webhook_delivery d
        where d.endpoint_id = e.id and d.state = 'waiting' and d.behind is null and d.next_attempt_at <= at
          and (d.lease_until is null or d.lease_until <= clock_timestamp()))
    -- None is always the last to be served when there is not enough room for all.
    order by random()
  loop
    exit when left_over <= 0;
    -- Two that claim of one endpoint at once would each take as many as there is room for.
    continue when not pg_try_advisory_xact_lock(hashtextextended('webhook_endpoint', receiver.id));
    room := case when receiver.failures >= failures_max then 1 else per_endpoint end - (
      select count(*) from platform.webhook_delivery d
      where d.endpoint_id = receiver.id and d.lease_until > clock_timestamp());
    room := least(room, left_over);
    looked_at := room;
    rounds := 0;
    while room > 0 loop
      with candidate as materialized (
        select d.id, d.key, d.attempts, d.lease_until, d.next_attempt_at from platform.webhook_delivery d
        where d.endpoint_id = receiver.id and d.state = 'waiting' and d.behind is null and d.next_attempt_at <= at
          and (d.lease_until is null or d.lease_until <= clock_timestamp())
          -- Looked at again: a record may have freed this one and disabled its endpoint since the loop began.
          and (select e.enabled and e.deleted_at is null from platform.webhook_endpoint e where e.id = receiver.id)
        order by d.next_attempt_at, d.id limit looked_at for update skip locked
      ), earlier as materialized (
        select c.id, c.attempts, c.lease_until, c.next_attempt_at, (select p.id from platform.webhook_delivery p
          where p.endpoint_id = receiver.id and p.key = c.key and p.state = 'waiting' and p.id < c.id
          order by p.id desc limit 1) as pred
        from candidate c
      ), held as materialized (
        -- While we hold it nobody ends it; whoever ends it afterwards sees our mark.
        -- (Spelled so that no index of what waits looks cheaper than these few ids.)
        select p.id from platform.webhook_delivery p
        where p.id = any (array(select e.pred from earlier e where e.pred is not null))
          and p.state <> 'delivered' and p.state <> 'dead'
        for share skip locked
      ), park as (
        update platform.webhook_delivery d set behind = e.pred
        from earlier e join held h on h.id = e.pred where d.id = e.id returning d.id
      ), free as materialized (
        select e.* from earlier e where e.pred is null order by e.next_attempt_at, e.id limit room
      ), lost as (
        insert into platform.webhook_attempt (delivery_id, attempt, at, outcome, took_ms, response)
        select f.id, f.attempts, claim_webhook_deliveries.at, 'lost', 0, '' from free f
        where f.lease_until is not null
        on conflict do nothing
      ), take as (
        update platform.webhook_delivery d
        set owner = for_owner, lease_until = clock_timestamp() + lease_ms * interval '1 millisecond',
          attempts = d.attempts + 1, tries = d.tries + 1
        from free f where d.id = f.id returning d.id
      )
      select array(select t.id from take t), (select count(*) from park) into taken_now, parked;
      ids := ids || taken_now;
      room := room - cardinality(taken_now);
      left_over := left_over - cardinality(taken_now);
      rounds := rounds + 1;
      exit when parked = 0 or rounds >= 20;
      -- Many wait behind one: they are marked in larger and larger steps. Otherwise no more is locked than is taken.
      looked_at := least(looked_at * 2, 1000);
    end loop;
  end loop;
  return query select d.* from platform.webhook_delivery d where d.id = any (ids) order by d.id;
end $$;
