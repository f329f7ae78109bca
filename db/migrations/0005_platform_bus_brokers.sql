-- Brokers that carry messages of some topics. Who listens, retries, delays and dead letters stay in this database.

-- `relay`: no group, but the lanes by which relays share the rows of one broker (its topic is `/` and the engine).
alter table platform.bus_queue add column engine text not null default 'postgres'
  constraint bus_queue_engine_known check (engine in ('postgres', 'amqp', 'kafka', 'relay'));
alter table platform.bus_queue add column priorities smallint not null default 1;

-- Who we are on a broker: a sequence number counts for those only who gave it out.
create table platform.bus_origin (
  single boolean primary key default true constraint bus_origin_only_one check (single),
  origin uuid not null default gen_random_uuid()
);
insert into platform.bus_origin default values;

-- What was published and is on its way to a broker: one row per message, deleted when the broker has confirmed it.
create table platform.bus_outgoing (
  engine text not null,
  -- Of its key: a lane has one sender at a time.
  lane smallint not null,
  id bigint generated always as identity,
  topic text not null,
  -- 0 is taken first.
  class smallint not null,
  message_id uuid not null,
  key text not null,
  published_at timestamptz not null,
  source text not null,
  traceparent text,
  payload json not null,
  -- Of the payload: what is sent at once is bounded by it.
  bytes integer not null,
  constraint bus_outgoing_pkey primary key (engine, lane, id)
) with (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_vacuum_cost_delay = 0
);

-- Of a relay's lane: the last sequence number it gave out, and what it may have sent without knowing the answer. Who
-- takes the lane over sends those again, under the same numbers, before anything else.
alter table platform.bus_lane
  add column sequence bigint not null default 0,
  add column sending_ids bigint[] not null default '{}',
  add column sending_sequences bigint[] not null default '{}',
  add constraint bus_lane_sends_by_number check (cardinality(sending_ids) = cardinality(sending_sequences));

-- What a queue of RabbitMQ has taken: the broker may deliver it again until it has our acknowledgement.
create table platform.bus_inbox (
  queue integer not null references platform.bus_queue (queue),
  message_id uuid not null,
  taken_at timestamptz not null default clock_timestamp(),
  constraint bus_inbox_pkey primary key (queue, message_id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- How far a queue has read each partition on Kafka: changed in the handler's transaction, so this is the truth, and
-- the offsets in the group are a copy for its tools.
create table platform.bus_offset (
  queue integer not null references platform.bus_queue (queue),
  class smallint not null,
  partition integer not null,
  next_offset bigint not null,
  -- By lane of the relay: up to which number its messages were seen here. What it sent twice is passed over.
  lane_sequences bigint[] not null default '{}',
  constraint bus_offset_pkey primary key (queue, class, partition)
) with (fillfactor = 50);

-- Messages of a broker that a consumer held when it died: when they are delivered again they run one by one.
create table platform.bus_suspected (
  queue integer not null references platform.bus_queue (queue),
  message_id uuid not null,
  suspected_at timestamptz not null default clock_timestamp(),
  constraint bus_suspected_pkey primary key (queue, message_id)
);

-- Of messages that have no row here yet, because a broker delivered them.
alter table platform.bus_hand add column message_ids uuid[] not null default '{}';

-- As before, and for the queues of a broker: `waiting` says of which class the broker has fresh messages.
drop function platform.bus_take_due(integer, smallint[], bigint[], integer, timestamptz, boolean);
create function platform.bus_take_due(
  queue_ integer, slots smallint[], floors bigint[], most integer, now_ timestamptz, in_order boolean,
  waiting boolean[] default null
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
        if waiting is not null then
          higher_waits := higher_waits or waiting[i];
        else
          higher_waits := higher_waits or exists (
            select from platform.bus_parcel p where p.queue = queue_ and p.slot = slots[i] and p.id >= floors[i]
          );
        end if;
      end if;
    end loop;
  end loop;
end $$;

-- As before, and for the messages of a broker that a dead consumer held: what it had not done is suspected, and runs
-- alone when it is delivered again.
create or replace function platform.bus_suspect(
  queues integer[], now_ timestamptz, out suspects integer, out buried integer
)
language plpgsql
as $$
declare
  gone record;
  slots smallint[];
  ids bigint[];
  tried smallint[];
  count_ integer;
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
    insert into platform.bus_suspected (queue, message_id)
    select gone.queue, id from unnest(gone.message_ids) id
    where not exists (select from platform.bus_inbox i where i.queue = gone.queue and i.message_id = id)
    order by id on conflict do nothing;
    get diagnostics count_ = row_count;
    suspects := suspects + count_;
    -- Of Kafka nobody can tell whether they were done: those that were never come again.
    delete from platform.bus_suspected s
    where s.queue = gone.queue and s.suspected_at < clock_timestamp() - interval '31 days';
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
