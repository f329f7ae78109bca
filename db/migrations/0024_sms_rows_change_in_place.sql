-- An update that changes no indexed column stays in its page and touches no index, and a state that stands in the
-- condition of an index is such a column. What was told of by states is now told by a column that changes twice in the
-- life of a message, not five times: most changes of a state are made in place, for which pages keep room.
alter table sms.message
  -- It stands before a sender or is in his hand: queued, claimed, submitting.
  add column at_work boolean not null default true,
  set (fillfactor = 60);
update sms.message set at_work = false where state = 'deferred';
-- What senders have in hand or before them; `message_open` would grow with all that wait for a receipt.
create index message_at_work on sms.message (provider, id) where at_work and closed_at is null;
-- Due messages are taken by provider: those of one that has no room now must not stand before those of another.
create index message_deferred on sms.message (provider, not_before, id) where not_before is not null and not at_work;

-- What is done to sets of messages with every one that goes through: functions, because their plans are kept and are the way by
-- the key, however empty the tables were when a connection met them first.

-- Of these the rows that are there, locked in order.
create function sms.lock_messages(ids bigint[]) returns setof sms.message language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query select m.* from sms.message m where m.id = any (ids) order by m.id for no key update;
end $$;

-- Takes messages that wait for this provider; answers them as they stand then.
create function sms.claim_messages(ids bigint[], of_provider text, for_owner uuid, lease_ms double precision)
returns setof sms.message language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
begin
  return query
    with waiting as materialized (
      select m.id from sms.message m where m.id = any (ids) and m.state = 'queued' and m.provider = of_provider
      order by m.id for no key update
    )
    update sms.message m set state = 'claimed', owner = for_owner,
      lease_until = clock_timestamp() + make_interval(secs => lease_ms / 1000)
    from waiting w where m.id = w.id returning m.*;
end $$;

-- A secret text without its secret.
create function sms.blotted(body text) returns text language sql immutable
return regexp_replace(body, '[0-9]{4,}', '•••••', 'g');

-- Writes what became of messages whose rows the caller has locked and judged. A secret is blotted out as soon as it is of
-- no more use: when the message has left, or never will. One of unknown fate may yet have to be sent.
create function sms.change_messages(
  ids bigint[], states text[], providers text[], tried_names text[], not_befores timestamptz[], valid_untils timestamptz[],
  next_questions timestamptz[], questions_asked smallint[], provider_ids text[], errors text[], are_closed boolean[],
  at timestamptz
) returns void language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
begin
  update sms.message m set state = c.state, at_work = c.state in ('queued', 'claimed', 'submitting'), provider = c.provider,
    tried = coalesce(string_to_array(c.tried, ','), '{}'),
    not_before = c.not_before, valid_until = coalesce(c.valid_until, m.valid_until),
    next_question_at = c.next_question_at, questions = c.questions,
    provider_message_id = coalesce(c.provider_message_id, m.provider_message_id), error = c.error,
    closed_at = case when c.closed then at end,
    sent_at = case when c.state in ('queued', 'deferred') then null else m.sent_at end,
    body = case when not m.secret or c.state in ('queued', 'deferred')
      or (c.state = 'unknown' and not c.closed and m.expires_at > at) then m.body else sms.blotted(m.body) end
  from unnest(ids, states, providers, tried_names, not_befores, valid_untils, next_questions, questions_asked, provider_ids,
    errors, are_closed)
    as c (id, state, provider, tried, not_before, valid_until, next_question_at, questions, provider_message_id, error, closed)
  where m.id = c.id;
end $$;

-- From here on these messages may leave: their attempt is counted, and their lease covers the whole call.
create function sms.mark_submitting(
  ids bigint[], valid_untils timestamptz[], for_owner uuid, lease_ms double precision, at timestamptz
) returns void language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
begin
  update sms.message m set state = 'submitting', attempts = m.attempts + 1, valid_until = n.valid_until, sent_at = at,
    owner = for_owner, lease_until = clock_timestamp() + make_interval(secs => lease_ms / 1000)
  from unnest(ids, valid_untils) as n (id, valid_until)
  where m.id = n.id;
end $$;

-- Of each of these ids of a provider the youngest message that it stands for.
create function sms.find_submissions(of_provider text, ids text[]) returns setof sms.submission language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query select distinct on (s.provider_message_id) s.* from sms.submission s
    where s.provider = of_provider and s.provider_message_id = any (ids)
    order by s.provider_message_id, s.message_id desc;
end $$;

-- All parts of all attempts of these messages.
create function sms.find_parts(ids bigint[]) returns setof sms.submission language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query select s.* from sms.submission s where s.message_id = any (ids) order by s.message_id, s.attempt, s.part;
end $$;

-- What was reported of parts.
create function sms.change_parts(providers text[], provider_ids text[], ids bigint[], states text[], reported timestamptz[])
returns void language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
begin
  update sms.submission s set state = n.state, reported_at = n.at
  from unnest(providers, provider_ids, ids, states, reported) as n (provider, provider_message_id, message_id, state, at)
  where s.provider = n.provider and s.provider_message_id = n.provider_message_id and s.message_id = n.message_id;
end $$;
