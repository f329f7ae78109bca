-- Fresh messages lie in parcels: one row holds as many as were published together for one queue and slot. What a
-- row costs (its index entry, its lock, its removal, its place on the wire) is then paid once for all of them.

create sequence platform.bus_parcel_number;
-- A parcel's messages have neighbouring ids, the first of them being the parcel's. Each parcel gets a range of its
-- own, so the one that holds a message is found by its id alone, also after it was cut into pieces.
create function platform.bus_next_id() returns bigint
language sql volatile return nextval('platform.bus_parcel_number') * 1024;
-- Above all ids that were ever given out.
select setval('platform.bus_parcel_number', nextval(pg_get_serial_sequence('platform.bus_message', 'id')) / 1024 + 2);

create table platform.bus_parcel (
  queue integer not null,
  -- Where the queue is ordered, the lane of the keys; elsewhere the priority class, 0 being taken first.
  slot smallint not null,
  id bigint not null,
  size smallint not null constraint bus_parcel_size_fits check (size between 1 and 1024),
  published_at timestamptz not null,
  source text not null,
  -- One value a message, the separator U+001F between them: none of them has that letter in it.
  message_ids text not null,
  keys text not null,
  traceparents text,
  payloads text not null,
  -- The order of taking, and the only index: a parcel is inserted and deleted, never changed.
  constraint bus_parcel_pkey primary key (queue, slot, id)
) with (
  -- The table turns over completely many times an hour: vacuum by count, not by share, and without naps.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 20000,
  autovacuum_vacuum_cost_delay = 0,
  -- A parcel is made to fit into one page: it is not to be torn into pieces of two kilobytes.
  toast_tuple_target = 8160
);
-- It lives for milliseconds: not worth compressing.
alter table platform.bus_parcel alter column payloads set storage external;
alter table platform.bus_parcel alter column keys set storage external;
alter table platform.bus_parcel alter column message_ids set storage external;

insert into platform.bus_parcel (queue, slot, id, size, published_at, source, message_ids, keys, traceparents, payloads)
select queue, slot, id, 1, published_at, source, message_id::text, key, traceparent, payload::text
from platform.bus_message where queue not in (select queue from platform.bus_queue where ordered);
-- Publishers lay a key into another lane from now on: what waits in an ordered queue holds that key back, as a retry does.
insert into platform.bus_delayed
  (queue, slot, id, message_id, key, published_at, source, traceparent, payload, due_at)
select queue, slot, id, message_id, key, published_at, source, traceparent, payload, published_at
from platform.bus_message where queue in (select queue from platform.bus_queue where ordered);

drop function platform.bus_suspect;
drop function platform.bus_take_these;
drop function platform.bus_take_ordered;
drop function platform.bus_take;
drop function platform.bus_take_due;
drop type platform.bus_taken;
drop table platform.bus_message;

-- A parcel on its way out; what was put off before comes alone, as a parcel of one.
create type platform.bus_taken as (
  slot smallint, id bigint, size integer, published_at text, source text, message_ids text, keys text,
  traceparents text, payloads text, attempts smallint, pid integer, alone boolean
);

-- The values from `first` to `last` of a parcel's column.
create function platform.bus_part(joined text, first integer, last integer) returns text
language sql immutable
return array_to_string((string_to_array(joined, U&'\001f'))[first:last], U&'\001f');

-- Lays back what of a parcel was not taken: its messages from the one behind the first `kept`.
create function platform.bus_put_back(parcel platform.bus_parcel, kept integer) returns void
language sql
begin atomic
  insert into platform.bus_parcel
    (queue, slot, id, size, published_at, source, message_ids, keys, traceparents, payloads)
  values (parcel.queue, parcel.slot, parcel.id + kept, parcel.size - kept, parcel.published_at, parcel.source,
    platform.bus_part(parcel.message_ids, kept + 1, parcel.size), platform.bus_part(parcel.keys, kept + 1, parcel.size),
    platform.bus_part(parcel.traceparents, kept + 1, parcel.size),
    platform.bus_part(parcel.payloads, kept + 1, parcel.size));
end;

-- A consumer's commit does not wait for the disk, and the settings on each function pin its plan: see 0002.

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
      returning t.slot, t.id, 1, t.published_at::text, t.source, t.message_id::text, t.key, t.traceparent,
        t.payload::text, t.attempts, pg_backend_pid(), t.alone;
      get diagnostics taken = row_count;
      if single and taken > 0 then return; end if;
      left_over := left_over - taken;
      if not in_order and i < cardinality(slots) then
        higher_waits := higher_waits or exists (
          select from platform.bus_parcel p where p.queue = queue_ and p.slot = slots[i] and p.id >= floors[i]
        );
      end if;
    end loop;
  end loop;
end $$;

-- Takes up to `most` fresh messages of one slot. As many rows are looked at as would be enough if all were as large
-- as the largest seen so far, so that hardly more is taken than wanted; what is too much is laid back.
create function platform.bus_take_parcels(queue_ integer, slot_ smallint, floor_ bigint, most integer)
returns setof platform.bus_taken
language plpgsql
as $$
declare
  left_over integer := most;
  largest integer := 64;
  wanted integer;
  found_ integer;
  kept integer;
  parcel platform.bus_parcel;
begin
  while left_over > 0 loop
    wanted := ceil(left_over::float8 / largest);
    found_ := 0;
    largest := 1;
    for parcel in
      with gone as (
        delete from platform.bus_parcel t where t.ctid = any (array(
          select p.ctid from platform.bus_parcel p
          where p.queue = queue_ and p.slot = slot_ and p.id >= floor_
          order by p.queue, p.slot, p.id limit wanted
          for update skip locked
        ))
        returning t.*
      )
      select * from gone order by id
    loop
      found_ := found_ + 1;
      largest := greatest(largest, parcel.size);
      kept := least(parcel.size, left_over);
      left_over := left_over - kept;
      if kept = parcel.size then
        return next row(parcel.slot, parcel.id, parcel.size, parcel.published_at::text, parcel.source,
          parcel.message_ids, parcel.keys, parcel.traceparents, parcel.payloads, 0::smallint, pg_backend_pid(),
          false)::platform.bus_taken;
        continue;
      end if;
      perform platform.bus_put_back(parcel, kept);
      continue when kept = 0;
      return next row(parcel.slot, parcel.id, kept, parcel.published_at::text, parcel.source,
        platform.bus_part(parcel.message_ids, 1, kept), platform.bus_part(parcel.keys, 1, kept),
        platform.bus_part(parcel.traceparents, 1, kept), platform.bus_part(parcel.payloads, 1, kept), 0::smallint,
        pg_backend_pid(), false)::platform.bus_taken;
    end loop;
    exit when found_ < wanted;
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
  taken platform.bus_taken;
begin
  perform set_config('synchronous_commit', 'off', true);
  for i in 2 .. classes loop
    if exists (
      select from platform.bus_parcel p where p.queue = queue_ and p.slot = slots[i] and p.id >= floors[i]
    ) then
      kept[i] := floor(most / 10.0 + random());
    end if;
  end loop;
  loop
    for i in 1 .. classes loop
      share := left_over;
      for j in i + 1 .. classes loop share := share - kept[j]; end loop;
      continue when share <= 0;
      for taken in select * from platform.bus_take_parcels(queue_, slots[i], floors[i], share) loop
        left_over := left_over - taken.size;
        return next taken;
      end loop;
    end loop;
    -- What was kept for a lower class may be in other hands: then the higher one gets it after all.
    exit when left_over < most or 0 = all (kept);
    kept := array_fill(0, array[classes]);
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
declare
  fresh bigint[] := array(select want.id from unnest(ids, tried) as want (id, attempts) where want.attempts = 0);
begin
  perform set_config('synchronous_commit', 'off', true);
  return query
  with gone as (
    delete from platform.bus_parcel t where t.ctid = any (array(
      select p.ctid from unnest(slots, ids, tried) as want (slot, id, attempts)
      join platform.bus_parcel p on p.queue = queue_ and p.slot = want.slot
        and p.id between want.id & ~1023::bigint and want.id and want.id < p.id + p.size
      where want.attempts = 0
      for update of p skip locked
    ))
    returning t.*
  ), message as (
    select g.queue, g.slot, g.id as parcel, g.id + u.n - 1 as id, g.published_at, g.source, u.message_id, u.key,
      u.traceparent, u.payload,
      g.id + u.n - 1 = any (fresh) and held.by_a_retry is null as wanted
    from gone g cross join lateral unnest(
      string_to_array(g.message_ids, U&'\001f'), string_to_array(g.keys, U&'\001f'),
      string_to_array(g.traceparents, U&'\001f'), string_to_array(g.payloads, U&'\001f')
    ) with ordinality as u (message_id, key, traceparent, payload, n)
    -- With a limit it is looked up for each key, and never read as a whole.
    left join lateral (
      select true as by_a_retry from platform.bus_delayed d where in_order and d.queue = queue_ and d.key = u.key limit 1
    ) held on true
  ), put_back as (
    insert into platform.bus_parcel
      (queue, slot, id, size, published_at, source, message_ids, keys, traceparents, payloads)
    select queue, slot, min(id), count(*), min(published_at), min(source),
      string_agg(message_id, U&'\001f' order by id), string_agg(key, U&'\001f' order by id),
      case when count(nullif(traceparent, '')) > 0 then string_agg(coalesce(traceparent, ''), U&'\001f' order by id) end,
      string_agg(payload, U&'\001f' order by id)
    from (
      select m.*, id - row_number() over (partition by m.parcel order by id) as run from message m where not wanted
    ) left_over
    group by queue, slot, parcel, run
  )
  select m.slot, m.id, 1, m.published_at::text, m.source, m.message_id, m.key, nullif(m.traceparent, ''), m.payload,
    0::smallint, pg_backend_pid(), false
  from message m where m.wanted;
  return query
  delete from platform.bus_delayed t where t.ctid = any (array(
    select d.ctid from unnest(ids, tried) as want (id, attempts)
    join platform.bus_delayed d on d.queue = queue_ and d.id = want.id and d.attempts = want.attempts
    where not (
      in_order and exists (
        select from platform.bus_delayed e where e.queue = queue_ and e.key = d.key and e.id < d.id
      )
    )
    for update of d skip locked
  ))
  returning t.slot, t.id, 1, t.published_at::text, t.source, t.message_id::text, t.key, t.traceparent,
    t.payload::text, t.attempts, pg_backend_pid(), t.alone;
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
  taken platform.bus_taken;
  owned smallint[] := array(
    select l.lane from platform.bus_lane l
    where l.queue = queue_ and l.owner = owner_ and l.lease_until > clock_timestamp()
    order by l.queue, l.lane for update
  );
  lanes integer := cardinality(owned);
  -- Every lane is the first one in its turn, or a busy one would starve the rest.
  first integer := floor(random() * lanes);
  lane_ smallint;
  some_wait boolean;
  free bigint[];
begin
  perform set_config('synchronous_commit', 'off', true);
  for taken in select * from platform.bus_take_due(queue_, owned, '{}', most, now_, true) loop
    left_over := left_over - 1;
    return next taken;
  end loop;
  -- A retry runs apart from fresh messages, so that it fails apart.
  if left_over < most then return; end if;
  some_wait := exists (select from platform.bus_delayed d where d.queue = queue_);
  for i in 0 .. lanes - 1 loop
    exit when left_over <= 0;
    lane_ := owned[1 + (first + i) % lanes];
    if some_wait then
      -- Ids first, and only then the parcels that hold them: what is passed over is not written anew each time.
      free := array(
        select m.id from (
          select p.id + u.n - 1 as id, u.key
          from platform.bus_parcel p
          cross join lateral unnest(string_to_array(p.keys, U&'\001f')) with ordinality as u (key, n)
          where p.queue = queue_ and p.slot = lane_ order by p.queue, p.slot, p.id
        ) m
        where not exists (select from platform.bus_delayed d where d.queue = queue_ and d.key = m.key)
        limit left_over
      );
      continue when cardinality(free) = 0;
      for taken in
        select * from platform.bus_take_these(queue_, array_fill(lane_, array[cardinality(free)]), free,
          array_fill(0::smallint, array[cardinality(free)]), true)
      loop
        left_over := left_over - 1;
        return next taken;
      end loop;
    else
      for taken in select * from platform.bus_take_parcels(queue_, lane_, 0, left_over) loop
        left_over := left_over - taken.size;
        return next taken;
      end loop;
    end if;
  end loop;
end $$;

-- Cuts parcels at the head of a queue that are larger than `most` into pieces: consumers of small batches could
-- not work on one parcel side by side. Looks no further than a few consumers would take.
create function platform.bus_cut(queue_ integer, slots smallint[], floors bigint[], most integer) returns void
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set plan_cache_mode = force_generic_plan
as $$
declare
  looked_at constant integer := 8;
  parcel platform.bus_parcel;
begin
  perform set_config('synchronous_commit', 'off', true);
  for i in 1 .. cardinality(slots) loop
    for parcel in
      delete from platform.bus_parcel t where t.ctid = any (array(
        select p.ctid from (
          select h.ctid, h.size from platform.bus_parcel h
          where h.queue = queue_ and h.slot = slots[i] and h.id >= floors[i]
          order by h.queue, h.slot, h.id limit looked_at
          for update skip locked
        ) p where p.size > most
      ))
      returning t.*
    loop
      insert into platform.bus_parcel
        (queue, slot, id, size, published_at, source, message_ids, keys, traceparents, payloads)
      select parcel.queue, parcel.slot, parcel.id + first, least(most, parcel.size - first), parcel.published_at,
        parcel.source, platform.bus_part(parcel.message_ids, first + 1, first + most),
        platform.bus_part(parcel.keys, first + 1, first + most),
        platform.bus_part(parcel.traceparents, first + 1, first + most),
        platform.bus_part(parcel.payloads, first + 1, first + most)
      from generate_series(0, parcel.size - 1, most) first;
    end loop;
  end loop;
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
        values (gone.queue, one.id, one.slot, one.message_ids::uuid, one.keys, one.published_at::timestamptz, one.source,
          one.traceparents, one.payloads::json, one.attempts + 1, cause, now_);
      else
        suspects := suspects + 1;
        insert into platform.bus_delayed (queue, slot, id, message_id, key, published_at, source, traceparent,
          payload, due_at, attempts, alone, error)
        values (gone.queue, one.slot, one.id, one.message_ids::uuid, one.keys, one.published_at::timestamptz,
          one.source, one.traceparents, one.payloads::json, now_, one.attempts + 1, true, cause);
      end if;
    end loop;
  end loop;
end $$;
