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
create index bus_delayed_due on platform.bus_delayed (queue, alone, slot, due_at, id);
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

-- Consumers of an ordered queue that live: each has a fair share of its lanes, also one that came late.
create table platform.bus_member (
  queue integer not null references platform.bus_queue (queue),
  owner uuid not null,
  lease_until timestamptz not null,
  constraint bus_member_pkey primary key (queue, owner)
) with (fillfactor = 50);

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
  -- [slot, attempts, first id, last id] of neighbours, as they were when they were taken: a message that was put off
  -- since then is no longer in this hand.
  runs json not null,
  -- Nothing else of its process was in work: if that died, this is what killed it.
  alone boolean not null,
  backend_pid integer not null,
  held_since timestamptz not null
) with (fillfactor = 50);
-- Written once a batch and hardly ever read: not worth compressing.
alter table platform.bus_hand alter column runs set storage external;

create type platform.bus_taken as (
  slot smallint, id bigint, message_id uuid, key text, published_at text,
  source text, traceparent text, payload text, attempts smallint, pid integer, alone boolean
);

-- A consumer's commit does not wait for the disk: what a crash of the server could take of it, it takes together
-- with the removal of the messages, which then are here again. Whatever goes outside is marked by a commit of its
-- own that does wait, and that makes everything before it durable too.

-- The settings on each function pin its plan: index scans in the order of the key, whatever the statistics say
-- (those of a queue that was empty when it was analysed say: read it all and sort).

-- Takes due messages, class by class, oldest first. One that has to run alone is given alone. While fresh messages
-- of a higher class wait (`floors`: see bus_take), a lower class gets a tenth. In order: only the first of each key.
create function platform.bus_take_due(
  queue_ integer, slots smallint[], floors bigint[], most integer, now_ timestamptz, in_order boolean
)
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
declare
  left_over integer := most;
  share integer;
  taken integer;
  single boolean;
  higher_waits boolean;
  any_single boolean := exists (select from platform.bus_delayed d where d.queue = queue_ and d.alone);
begin
  perform set_config('synchronous_commit', 'off', true);
  foreach single in array case when any_single then array[true, false] else array[false] end loop
    higher_waits := false;
    for i in 1 .. cardinality(slots) loop
      exit when left_over <= 0;
      share := case when single then 1 when higher_waits then ceil(most / 10.0) else left_over end;
      return query
      delete from platform.bus_delayed t where t.ctid = any (array(
        select d.ctid from platform.bus_delayed d
        where d.queue = queue_ and d.alone = single and d.slot = slots[i] and d.due_at <= now_ and not (
          in_order and exists (
            select from platform.bus_delayed e where e.queue = queue_ and e.key = d.key and e.id < d.id
          )
        )
        order by d.due_at, d.id limit least(share, left_over)
        for update skip locked
      ))
      returning t.slot, t.id, t.message_id, t.key, t.published_at::text, t.source, t.traceparent, t.payload::text,
        t.attempts, pg_backend_pid(), t.alone;
      get diagnostics taken = row_count;
      if single and taken > 0 then return; end if;
      left_over := left_over - taken;
      if not in_order and i < cardinality(slots) then
        higher_waits := higher_waits or exists (
          select from platform.bus_message m where m.queue = queue_ and m.slot = slots[i] and m.id >= floors[i]
        );
      end if;
    end loop;
  end loop;
end $$;

-- Takes fresh messages, class by class; each lower class that waits keeps a tenth of the batch (of a batch under
-- ten: of the batches). `floors`: per slot, below which id nothing is looked for (dead rows under an old snapshot
-- are dear to step over).
create function platform.bus_take(queue_ integer, slots smallint[], floors bigint[], most integer)
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set plan_cache_mode = force_generic_plan
as $$
declare
  classes integer := cardinality(slots);
  left_over integer := most;
  kept integer[] := array_fill(0, array[classes]);
  share integer;
  taken integer;
begin
  perform set_config('synchronous_commit', 'off', true);
  for i in 2 .. classes loop
    if exists (
      select from platform.bus_message m where m.queue = queue_ and m.slot = slots[i] and m.id >= floors[i]
    ) then
      kept[i] := floor(most / 10.0 + random());
    end if;
  end loop;
  loop
    for i in 1 .. classes loop
      share := left_over;
      for j in i + 1 .. classes loop share := share - kept[j]; end loop;
      continue when share <= 0;
      return query
      delete from platform.bus_message t where t.ctid = any (array(
        select m.ctid from platform.bus_message m
        where m.queue = queue_ and m.slot = slots[i] and m.id >= floors[i]
        order by m.queue, m.slot, m.id limit share
        for update skip locked
      ))
      returning t.slot, t.id, t.message_id, t.key, t.published_at::text, t.source, t.traceparent, t.payload::text,
        0::smallint, pg_backend_pid(), false;
      get diagnostics taken = row_count;
      left_over := left_over - taken;
    end loop;
    -- What was kept for a lower class may be in other hands: then the higher one gets it after all.
    exit when left_over < most or 0 = all (kept);
    kept := array_fill(0, array[classes]);
  end loop;
end $$;

-- Takes messages of lanes that the owner holds; a key of which a message waits for its retry is passed over. The
-- lock on the lanes fences until this transaction ends: a later owner, the search for dead consumers, and also the
-- owner's own next transaction where this one's connection was lost and its end is not known.
create function platform.bus_take_ordered(queue_ integer, owner_ uuid, most integer, now_ timestamptz)
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
declare
  left_over integer := most;
  taken integer;
  owned smallint[] := array(
    select l.lane from platform.bus_lane l
    where l.queue = queue_ and l.owner = owner_ and l.lease_until > clock_timestamp()
    order by l.queue, l.lane for update
  );
  lanes integer := cardinality(owned);
  -- Every lane is the first one in its turn, or a busy one would starve the rest.
  first integer := floor(random() * lanes);
begin
  perform set_config('synchronous_commit', 'off', true);
  return query select * from platform.bus_take_due(queue_, owned, '{}', most, now_, true);
  get diagnostics taken = row_count;
  -- A retry runs apart from fresh messages, so that it fails apart.
  if taken > 0 then return; end if;
  for i in 0 .. lanes - 1 loop
    exit when left_over <= 0;
    return query
    delete from platform.bus_message t where t.ctid = any (array(
      select m.ctid from platform.bus_message m
      where m.queue = queue_ and m.slot = owned[1 + (first + i) % lanes] and not exists (
        select from platform.bus_delayed d where d.queue = queue_ and d.key = m.key
      )
      order by m.queue, m.slot, m.id limit left_over
      for update skip locked
    ))
    returning t.slot, t.id, t.message_id, t.key, t.published_at::text, t.source, t.traceparent, t.payload::text,
      0::smallint, pg_backend_pid(), false;
    get diagnostics taken = row_count;
    left_over := left_over - taken;
  end loop;
end $$;

-- Takes these very messages if they are still as they were (`tried`: their attempts); those that someone else holds
-- are left out, and in order also those behind one of their key that waits for its retry.
create function platform.bus_take_these(
  queue_ integer, slots smallint[], ids bigint[], tried smallint[], in_order boolean
)
returns setof platform.bus_taken
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  return query
  delete from platform.bus_message t where t.ctid = any (array(
    select m.ctid from unnest(slots, ids, tried) as want(slot, id, attempts)
    join platform.bus_message m on m.queue = queue_ and m.slot = want.slot and m.id = want.id
    where want.attempts = 0 and not (
      in_order and exists (select from platform.bus_delayed d where d.queue = queue_ and d.key = m.key)
    )
    for update of m skip locked
  ))
  returning t.slot, t.id, t.message_id, t.key, t.published_at::text, t.source, t.traceparent, t.payload::text,
    0::smallint, pg_backend_pid(), false;
  return query
  delete from platform.bus_delayed t where t.ctid = any (array(
    select d.ctid from unnest(ids, tried) as want(id, attempts)
    join platform.bus_delayed d on d.queue = queue_ and d.id = want.id and d.attempts = want.attempts
    where not (
      in_order and exists (
        select from platform.bus_delayed e where e.queue = queue_ and e.key = d.key and e.id < d.id
      )
    )
    for update of d skip locked
  ))
  returning t.slot, t.id, t.message_id, t.key, t.published_at::text, t.source, t.traceparent, t.payload::text,
    t.attempts, pg_backend_pid(), t.alone;
end $$;

-- Finds hands whose connection is gone. What they held and is still here was being handled when its consumer died:
-- it is counted once more and runs alone from now on; what had run alone goes to the dead letters at its last
-- attempt. Waits for nobody: what another consumer holds by now is that one's to be suspected of.
create function platform.bus_suspect(queues integer[], now_ timestamptz, out suspects integer, out buried integer)
language plpgsql
as $$
declare
  gone record;
  slots smallint[];
  ids bigint[];
  tried smallint[];
  one platform.bus_taken;
  cause constant text := 'its consumer died while handling it';
begin
  suspects := 0;
  buried := 0;
  for gone in
    select h.*, q.ordered, q.attempts_max from platform.bus_hand h join platform.bus_queue q on q.queue = h.queue
    where h.queue = any (queues) and not exists (
      select from pg_stat_activity a where a.pid = h.backend_pid and a.backend_start <= h.held_since
    )
    order by h.hand for update of h skip locked
  loop
    select array_agg(r.slot), array_agg(r.id), array_agg(r.attempts) into slots, ids, tried from (
      select (run ->> 0)::smallint as slot, (run ->> 1)::smallint as attempts, id
      from json_array_elements(gone.runs) run, generate_series((run ->> 2)::bigint, (run ->> 3)::bigint) id
    ) r;
    -- Moving messages of a lane in work would let later ones of their key pass: another time.
    continue when gone.ordered and (select count(distinct slot) from unnest(slots) slot) > cardinality(array(
      select l.lane from platform.bus_lane l where l.queue = gone.queue and l.lane = any (slots)
      order by l.lane for update skip locked
    ));
    delete from platform.bus_hand where hand = gone.hand;
    -- All hands are empty after a restart of the database: it was that which ended them.
    continue when gone.held_since < pg_postmaster_start_time();
    for one in
      select * from platform.bus_take_these(gone.queue, slots, ids, tried, false)
    loop
      if gone.alone and one.attempts + 1 >= gone.attempts_max then
        buried := buried + 1;
        insert into platform.bus_dead
          (queue, id, slot, message_id, key, published_at, source, traceparent, payload, attempts, error, died_at)
        values (gone.queue, one.id, one.slot, one.message_id, one.key, one.published_at::timestamptz, one.source,
          one.traceparent, one.payload::json, one.attempts + 1, cause, now_);
      else
        suspects := suspects + 1;
        insert into platform.bus_delayed (queue, slot, id, message_id, key, published_at, source, traceparent,
          payload, due_at, attempts, alone, error)
        values (gone.queue, one.slot, one.id, one.message_id, one.key, one.published_at::timestamptz, one.source,
          one.traceparent, one.payload::json, now_, one.attempts + 1, true, cause);
      end if;
    end loop;
  end loop;
end $$;
