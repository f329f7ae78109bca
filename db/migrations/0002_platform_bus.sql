-- The bus on PostgreSQL: one row per message and group; taking a row off is part of the consumer's transaction.

-- A group that listens to a topic. Declared by the wiring, before anything is published.
create table platform.bus_queue (
  queue integer generated always as identity primary key,
  topic text not null,
  group_name text not null,
  ordered boolean not null,
  lanes smallint not null constraint bus_queue_has_a_lane check (lanes > 0),
  attempts_max smallint not null,
  constraint bus_queue_group_once_per_topic unique (topic, group_name)
);

-- `slot`: where the queue is ordered, the lane of the key; elsewhere the priority class, 0 being taken first.
-- The primary key is the order of taking, and the only index: a message is inserted and deleted, never changed.
create table platform.bus_message (
  queue integer not null,
  slot smallint not null,
  id bigint generated always as identity,
  message_id uuid not null,
  key text not null,
  published_at timestamptz not null,
  source text not null,
  traceparent text,
  payload json not null,
  constraint bus_message_pkey primary key (queue, slot, id)
) with (
  -- The table turns over completely many times an hour: vacuum by count, not by share, and without naps.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_vacuum_cost_delay = 0
);

-- What is not due yet: published with a delay, or waiting for its next attempt.
create table platform.bus_delayed (
  queue integer not null,
  slot smallint not null,
  id bigint not null,
  message_id uuid not null,
  key text not null,
  published_at timestamptz not null,
  source text not null,
  traceparent text,
  payload json not null,
  due_at timestamptz not null,
  attempts smallint not null default 0,
  -- Held by a process that died: it runs alone, so that poison kills at most itself.
  alone boolean not null default false,
  error text,
  constraint bus_delayed_pkey primary key (queue, id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
create index bus_delayed_due on platform.bus_delayed (queue, due_at);
create index bus_delayed_key on platform.bus_delayed (queue, key);

-- What could not be done. It stays until someone redrives it.
create table platform.bus_dead (
  queue integer not null references platform.bus_queue (queue),
  id bigint not null,
  slot smallint not null,
  message_id uuid not null,
  key text not null,
  published_at timestamptz not null,
  source text not null,
  traceparent text,
  payload json not null,
  attempts smallint not null,
  error text not null,
  died_at timestamptz not null,
  constraint bus_dead_pkey primary key (queue, id)
);

-- One owner at a time for each lane of an ordered queue; leases are real time.
create table platform.bus_lane (
  queue integer not null references platform.bus_queue (queue),
  lane smallint not null,
  owner uuid,
  lease_until timestamptz not null default '-infinity',
  constraint bus_lane_pkey primary key (queue, lane)
) with (fillfactor = 50);

-- What each consumer holds in its hand, written before it begins, so that its death tells which message killed it.
-- Unlogged: after a crash of the server itself no consumer of that time is suspected.
create unlogged table platform.bus_hand (
  hand uuid primary key,
  queue integer not null,
  slots smallint[] not null,
  ids bigint[] not null,
  backend_pid integer not null,
  held_since timestamptz not null
) with (fillfactor = 50);

create type platform.bus_taken as (
  slot smallint, id bigint, message_id uuid, key text, published_at timestamptz,
  source text, traceparent text, payload text, attempts smallint, pid integer
);

-- The settings on each function pin its plan: an index scan in the order of the key, whatever the statistics say
-- (those of a queue that was empty when it was analysed say: read it all and sort).

-- Takes due messages. One that has to run alone is given alone.
create function platform.bus_take_due(queue_ integer, slots smallint[], most integer, now_ timestamptz)
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set plan_cache_mode = force_generic_plan
as $$
declare
  single boolean := exists (
    select from platform.bus_delayed d
    where d.queue = queue_ and d.due_at <= now_ and d.alone and d.slot = any (slots)
  );
begin
  return query
  delete from platform.bus_delayed t where t.ctid = any (array(
    select d.ctid from platform.bus_delayed d
    where d.queue = queue_ and d.due_at <= now_ and d.alone = single and d.slot = any (slots)
    order by d.due_at limit case when single then 1 else most end
    for update skip locked
  ))
  returning t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload::text,
    t.attempts, pg_backend_pid();
end $$;

-- Takes fresh messages, class by class; each lower class that waits keeps a tenth of the batch.
-- `floors`: per slot, below which id nothing is looked for (dead rows under an old snapshot are dear to step over).
create function platform.bus_take(queue_ integer, slots smallint[], floors bigint[], most integer)
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set plan_cache_mode = force_generic_plan
as $$
declare
  left_over integer := most;
  waiting integer[] := '{}';
  share integer;
  taken integer;
begin
  if cardinality(slots) > 1 then
    for i in 1 .. cardinality(slots) loop
      waiting := waiting || (exists (
        select from platform.bus_message m where m.queue = queue_ and m.slot = slots[i] and m.id >= floors[i]
      ))::integer;
    end loop;
  end if;
  for i in 1 .. cardinality(slots) loop
    exit when left_over <= 0;
    continue when cardinality(slots) > 1 and waiting[i] = 0;
    share := left_over;
    for j in i + 1 .. cardinality(slots) loop
      share := share - waiting[j] * ceil(most / 10.0)::integer;
    end loop;
    return query
    delete from platform.bus_message t where t.ctid = any (array(
      select m.ctid from platform.bus_message m
      where m.queue = queue_ and m.slot = slots[i] and m.id >= floors[i]
      order by m.queue, m.slot, m.id limit greatest(share, 1)
      for update skip locked
    ))
    returning t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload::text,
      0::smallint, pg_backend_pid();
    get diagnostics taken = row_count;
    left_over := left_over - taken;
  end loop;
end $$;

-- Takes fresh messages of lanes that the owner holds; a key of which a message waits for its retry is passed over.
-- The lock on the lanes fences a later owner until this transaction ends.
create function platform.bus_take_ordered(queue_ integer, owner_ uuid, most integer, now_ timestamptz)
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set plan_cache_mode = force_generic_plan
as $$
declare
  lane_ smallint;
  left_over integer := most;
  taken integer;
  owned smallint[] := array(
    select l.lane from platform.bus_lane l
    where l.queue = queue_ and l.owner = owner_ and l.lease_until > clock_timestamp()
    order by l.queue, l.lane for share
  );
begin
  return query select * from platform.bus_take_due(queue_, owned, most, now_);
  get diagnostics taken = row_count;
  -- A retry runs apart from fresh messages, so that it fails apart.
  if taken > 0 then return; end if;
  foreach lane_ in array owned loop
    exit when left_over <= 0;
    return query
    delete from platform.bus_message t where t.ctid = any (array(
      select m.ctid from platform.bus_message m
      where m.queue = queue_ and m.slot = lane_ and not exists (
        select from platform.bus_delayed d where d.queue = queue_ and d.key = m.key
      )
      order by m.queue, m.slot, m.id limit left_over
      for update skip locked
    ))
    returning t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload::text,
      0::smallint, pg_backend_pid();
    get diagnostics taken = row_count;
    left_over := left_over - taken;
  end loop;
end $$;

-- Takes these very messages, wherever they wait; those that someone else holds are left out.
create function platform.bus_take_these(queue_ integer, slots smallint[], ids bigint[])
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
  delete from platform.bus_message t where t.ctid = any (array(
    select m.ctid from unnest(slots, ids) as want(slot, id)
    join platform.bus_message m on m.queue = queue_ and m.slot = want.slot and m.id = want.id
    for update of m skip locked
  ))
  returning t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload::text,
    0::smallint, pg_backend_pid();
  return query
  delete from platform.bus_delayed t where t.ctid = any (array(
    select d.ctid from unnest(ids) as want(id)
    join platform.bus_delayed d on d.queue = queue_ and d.id = want.id
    for update of d skip locked
  ))
  returning t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload::text,
    t.attempts, pg_backend_pid();
end $$;
