-- Who hears of events over HTTP.
create table platform.webhook_endpoint (
  id bigint generated always as identity primary key,
  -- Whose it is: only events of this scope go to it.
  scope text not null constraint webhook_endpoint_scope_length check (length(scope) between 1 and 200),
  -- `endpoint` hears what it asked for; `callback` stands for an origin that single events named, and hears only those.
  kind text not null constraint webhook_endpoint_kind_known check (kind in ('endpoint', 'callback')),
  -- Of a callback the origin: each of its deliveries has a URL of its own.
  url text not null constraint webhook_endpoint_url_length check (length(url) between 1 and 2000),
  -- Exact types, `group.*`, or `*`.
  event_types text[] not null,
  description text not null default '',
  -- [{sealed, until}], the newest first. All that have not ended sign, so that a receiver can change over.
  secrets jsonb not null,
  enabled boolean not null default true,
  -- Why it is not: `gone` (it answered 410), or `asked`.
  disabled_reason text,
  deleted_at timestamptz,
  -- Failures in a row that say that it is down; a breaker opens at some.
  failures integer not null default 0,
  openings integer not null default 0,
  -- Nothing is sent to it before this moment of the database's clock, and then one to try.
  open_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index webhook_endpoint_one_callback_per_origin on platform.webhook_endpoint (scope, url)
  where kind = 'callback' and deleted_at is null;
create index webhook_endpoint_of_scope on platform.webhook_endpoint (scope, id) where deleted_at is null;

-- One event on its way to one endpoint.
create table platform.webhook_delivery (
  -- From the sequence: of one key, whoever was enqueued later has the higher one.
  id bigint generated always as identity primary key,
  endpoint_id bigint not null,
  -- The header webhook-id: the same for all attempts.
  event_id text not null,
  type text not null,
  -- What its order is kept by at its endpoint.
  key text not null,
  -- Of a callback; otherwise the endpoint's.
  url text,
  body text not null,
  state text not null default 'waiting'
    constraint webhook_delivery_state_known check (state in ('waiting', 'delivered', 'dead')),
  -- The earlier delivery of its key that it waits for, once somebody has looked. Whoever ends that one clears it.
  behind bigint,
  -- All there were, and those since it was enqueued or replayed last.
  attempts integer not null default 0,
  tries integer not null default 0,
  next_attempt_at timestamptz not null,
  give_up_at timestamptz not null,
  -- Who is sending it now, until when at the latest: real time.
  owner uuid,
  lease_until timestamptz,
  last_status smallint,
  -- Why the last attempt failed, or why it is dead.
  reason text,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint webhook_delivery_event_once_per_endpoint unique (endpoint_id, event_id),
  constraint webhook_delivery_ended_when_not_waiting check ((ended_at is null) = (state = 'waiting'))
-- No index has a column that a claim changes, and pages keep room: it is made in place.
) with (fillfactor = 60);
create index webhook_delivery_due on platform.webhook_delivery (endpoint_id, next_attempt_at, id)
  where state = 'waiting' and behind is null;
create index webhook_delivery_in_order on platform.webhook_delivery (endpoint_id, key, id) where state = 'waiting';
create index webhook_delivery_behind on platform.webhook_delivery (behind) where behind is not null;
create index webhook_delivery_to_give_up on platform.webhook_delivery (give_up_at) where state = 'waiting';
-- Rows end in about the order of their ids: enough to find the old ones.
create index webhook_delivery_ended on platform.webhook_delivery using brin (ended_at) with (autosummarize = on)
  where state <> 'waiting';
create index webhook_delivery_of_endpoint on platform.webhook_delivery (endpoint_id, id);

-- How many of an endpoint's deliveries a worker has in its hand, as it said at its last claim: what the limit of calls under
-- way is reckoned with. That of a worker which died counts until its deliveries may be taken by others.
create table platform.webhook_hand (
  worker uuid not null,
  endpoint_id bigint not null,
  held integer not null,
  held_until timestamptz not null,
  constraint webhook_hand_pkey primary key (endpoint_id, worker)
) with (fillfactor = 50);
create index webhook_hand_of_worker on platform.webhook_hand (worker);

-- What came of each attempt.
create table platform.webhook_attempt (
  delivery_id bigint not null,
  attempt integer not null,
  at timestamptz not null,
  -- `delivered`, or the reason why not; `lost` where the worker ended in the middle of it.
  outcome text not null,
  status smallint,
  took_ms integer not null,
  -- The beginning of the answer.
  response text not null,
  primary key (delivery_id, attempt)
);

-- Takes deliveries that are due, of endpoints that may be called, at most `most` in all and so many of each endpoint
-- that no more than `per_endpoint` are in anybody's hand (one, as a trial, where its breaker was open). Of each key of an
-- endpoint only the oldest that waits is taken; what waits behind one is marked, so that the next claim need not look at
-- it again. It waits for no lock of anybody: what is locked is left for the next time.
create function platform.claim_webhook_deliveries(
  for_worker uuid, held_endpoints bigint[], held_counts integer[], for_owner uuid, lease_ms bigint, at timestamptz,
  most integer, per_endpoint integer, failures_max integer
) returns table (
  id bigint, endpoint_id bigint, event_id text, url text, body text, owner uuid, attempts integer, tries integer,
  give_up_at timestamptz,
  -- Of its endpoint, in the first row of each.
  secrets jsonb
) language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  receiver record;
  left_over integer := most;
  room integer;
  parked integer;
  looked_at integer;
  rounds integer;
  taken_now bigint[];
  ids bigint[] := '{}';
  ours integer;
  taken integer;
begin
  -- What has come back since its last claim is free for others, also where nothing waits now.
  update platform.webhook_hand h
  set held = coalesce(held_counts[array_position(held_endpoints, h.endpoint_id)], 0)
  where h.worker = for_worker and h.held > coalesce(held_counts[array_position(held_endpoints, h.endpoint_id)], 0);
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
    ours := coalesce(held_counts[array_position(held_endpoints, receiver.id)], 0);
    room := case when receiver.failures >= failures_max then 1 else per_endpoint end - ours - coalesce((
      select sum(h.held) from platform.webhook_hand h
      where h.endpoint_id = receiver.id and h.worker <> for_worker and h.held_until > clock_timestamp()), 0);
    room := least(room, left_over);
    taken := 0;
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
      taken := taken + cardinality(taken_now);
      room := room - cardinality(taken_now);
      left_over := left_over - cardinality(taken_now);
      rounds := rounds + 1;
      exit when parked = 0 or rounds >= 20;
      -- Many wait behind one: they are marked in larger and larger steps. Otherwise no more is locked than is taken.
      looked_at := least(looked_at * 2, 1000);
    end loop;
    if taken > 0 then
      insert into platform.webhook_hand as h (worker, endpoint_id, held, held_until)
      values (for_worker, receiver.id, ours + taken, clock_timestamp() + lease_ms * interval '1 millisecond')
      on conflict (endpoint_id, worker) do update set held = excluded.held, held_until = excluded.held_until;
    end if;
  end loop;
  return query select d.id, d.endpoint_id, d.event_id, coalesce(d.url, e.url), d.body, d.owner, d.attempts, d.tries, d.give_up_at,
    case when row_number() over (partition by d.endpoint_id order by d.id) = 1 then e.secrets end
  from platform.webhook_delivery d join platform.webhook_endpoint e on e.id = d.endpoint_id
  where d.id = any (ids) order by d.id;
end $$;

-- Writes what came of attempts, of those that are still in the hand of who made them: what was taken over meanwhile is
-- whoever's who took it. Frees what waited behind the ended ones: behind their end, so that either a claim that marks
-- somebody as waiting sees that it has ended, or we see the mark. Then counts failures in a row and opens breakers; a
-- receiver of which nothing is new is not written. Answers whether anything may be claimed now that could not be before.
create function platform.record_webhook_attempts(
  given_ids bigint[], given_owners uuid[], given_attempts integer[], given_states text[], given_outcomes text[],
  given_statuses smallint[], given_took_ms integer[], given_responses text[], given_next timestamptz[], given_at timestamptz[],
  heard_ids bigint[], heard_answered boolean[], heard_failures integer[], heard_gone boolean[],
  failures_max integer, open_ms double precision, open_most_ms double precision, at timestamptz
) returns boolean language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
declare
  ended bigint[];
  freed boolean := false;
begin
  with given as (
    select * from unnest(given_ids, given_owners, given_attempts, given_states, given_outcomes, given_statuses, given_took_ms,
      given_responses, given_next, given_at)
      as g (id, owner, attempt, state, outcome, status, took_ms, response, next_attempt_at, at)
  ), ours as (
    -- It does not say that they wait, which who is held does anyway: no index of what waits is to look like a way to them.
    update platform.webhook_delivery d
    set state = g.state, last_status = g.status, reason = nullif(g.outcome, 'delivered'), owner = null,
      lease_until = null, next_attempt_at = g.next_attempt_at,
      ended_at = case when g.state <> 'waiting' then g.at end
    from given g
    where d.id = g.id and d.owner = g.owner and d.attempts = g.attempt
    returning d.id, d.state <> 'waiting' as is_ended
  ), logged as (
    insert into platform.webhook_attempt (delivery_id, attempt, at, outcome, status, took_ms, response)
    select g.id, g.attempt, g.at, g.outcome, g.status, g.took_ms, g.response
    from given g join ours o on o.id = g.id on conflict do nothing
  )
  select array_agg(o.id) into ended from ours o where o.is_ended;
  if ended is not null then
    update platform.webhook_delivery d set behind = null where d.behind = any (ended);
    freed := found;
  end if;
  with heard as (
    select * from unnest(heard_ids, heard_answered, heard_failures, heard_gone) as h (id, answered, failures, gone)
  ), counted as materialized (
    select e.id, h.gone and e.kind = 'endpoint' as gone, h.failures as fresh,
      h.failures + case when h.answered then 0 else e.failures end as failures,
      case when h.answered then 0 else e.openings end as openings
    from platform.webhook_endpoint e join heard h on h.id = e.id
    where h.failures > 0 or h.gone or e.failures > 0 order by e.id for no key update of e
  ), judged as (
    select c.*, c.fresh > 0 and c.failures >= failures_max as opens from counted c
  )
  update platform.webhook_endpoint e set
    failures = j.failures,
    openings = j.openings + case when j.opens and coalesce(e.open_until <= clock_timestamp(), true) then 1 else 0 end,
    -- Calls from before it opened fail one after the other: they say nothing new, and prolong nothing.
    open_until = case when j.failures = 0 then null
      when j.opens and coalesce(e.open_until <= clock_timestamp(), true) then clock_timestamp() + interval '1 millisecond' *
        least(open_most_ms, open_ms * 2.0 ^ least(j.openings, 20)) else e.open_until end,
    enabled = e.enabled and not j.gone,
    disabled_reason = case when j.gone and e.enabled then 'gone' else e.disabled_reason end,
    updated_at = case when j.gone and e.enabled then record_webhook_attempts.at else e.updated_at end
  from judged j where e.id = j.id;
  return freed or found;
end $$;
