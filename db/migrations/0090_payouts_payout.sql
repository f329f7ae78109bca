create schema payouts;

-- A wish to be paid, as it came in: the original's t_request.
create table payouts.request (
  id bigint primary key,
  client_id text not null,
  -- With another client or other metadata it is a conflict: all that was asked for stands here.
  external_id text not null,
  -- What the caller wants to find again; nothing reads it.
  metadata jsonb,
  asked_by text not null,
  status text not null default 'new' constraint request_status_known check (status in ('new', 'done', 'error')),
  -- Why it is in `error`.
  error text,
  -- What became of it: the payouts that it made or met.
  outcome jsonb,
  owner uuid,
  lease_until timestamptz,
  attempts smallint not null default 0,
  next_attempt_at timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint request_external_id_once unique (external_id),
  constraint request_ended_when_not_new check ((ended_at is null) = (status = 'new'))
);
create index request_new on payouts.request (id) where status = 'new';
create index request_in_error on payouts.request (id) where status = 'error';
create index request_of_client on payouts.request (client_id, id);

-- Takes new requests that are due and in nobody's hand, the oldest first. Its plan is pinned: whatever the statistics
-- believe, it reads the first of them by their index, and not all that wait.
create function payouts.claim_requests(for_owner uuid, lease_ms bigint, most integer, at timestamptz)
returns table (id bigint, client_id text, attempts smallint) language sql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
  with due as materialized (
    select r.id from payouts.request r
    where r.status = 'new' and (r.lease_until is null or r.lease_until < clock_timestamp())
      and (r.next_attempt_at is null or r.next_attempt_at <= at)
    order by r.id limit most for update skip locked
  )
  update payouts.request r
  set owner = for_owner, lease_until = clock_timestamp() + lease_ms * interval '1 millisecond'
  from due where r.id = due.id returning r.id, r.client_id, r.attempts
$$;

-- The original's t_payout.
create table payouts.payout (
  id bigint primary key,
  request_id bigint not null,
  client_id text not null,
  -- As the system of accounts names it: opaque here.
  account text not null,
  currency text not null,
  label text not null default '',
  -- The most that may be paid: fixed when it was created, and what approvals are for.
  amount_minor bigint not null constraint payout_amount_positive check (amount_minor > 0),
  -- What was set aside: never more than the amount.
  reserved_minor bigint constraint payout_reserved_within_amount check (reserved_minor between 1 and amount_minor),
  -- Of it, what no cash payment fact covers.
  uncovered_minor bigint,
  state text not null default 'new' constraint payout_state_known check (state in ('new', 'checking', 'on_hold',
    'needs_approval', 'approved', 'reserved', 'in_flight', 'acknowledged', 'paid', 'cancelled', 'rejected', 'returned')),
  reason text,
  -- The step whose money is being moved: written down before the system of accounts is called, and cleared by the step
  -- itself. While it stands nothing else is decided about the payout.
  moving text constraint payout_moving_known
    check (moving in ('reserve', 'send', 'pay', 'cancel', 'reject', 'return', 'settle')),
  -- Who decided that step, and why: {actor, reason, detail}.
  moving_cause jsonb,
  -- Somebody cancelled it while its money was being reserved: {actor, reason}. Honoured when that step is done.
  cancel_wish jsonb,
  -- What the last try to move its money met; cleared when one succeeds.
  trouble text,
  -- The other feed's word, beside the state.
  ard_state text,
  -- Sources that contradict each other: shown to people, never decided by a program.
  conflict text,
  -- 32 letters: fits EndToEndId and an invoice number.
  erp_id text not null,
  approvals_needed smallint not null default 0,
  -- Of what is to be approved: an approval of something else counts for nothing.
  approved_hash text,
  approval_asked_at timestamptz,
  -- Transfer ids, made with the payout and stored before any call: a step that is tried again is the same transfer.
  reserve_id uuid not null,
  send_id uuid not null,
  pay_id uuid not null,
  give_back_id uuid not null,
  return_id uuid not null,
  settle_id uuid not null default gen_random_uuid(),
  owner uuid,
  lease_until timestamptz,
  attempts smallint not null default 0,
  -- By the clock of the database, as leases are.
  next_attempt_at timestamptz,
  created_at timestamptz not null,
  sent_at timestamptz,
  -- When a feed last said anything of it.
  heard_at timestamptz,
  acknowledged_at timestamptz,
  paid_at timestamptz,
  closed_at timestamptz,
  constraint payout_erp_id_once unique (erp_id),
  constraint payout_closed_when_final
    check ((closed_at is not null) = (state in ('paid', 'cancelled', 'rejected', 'returned'))),
  constraint payout_reserved_before_sent check (
    reserved_minor is not null or state not in ('reserved', 'in_flight', 'acknowledged', 'paid', 'rejected', 'returned')),
  constraint payout_uncovered_within_reserved check (uncovered_minor between 0 and reserved_minor),
  constraint payout_moving_has_cause check ((moving is null) = (moving_cause is null))
) with (fillfactor = 70);
-- One open payout per account.
create unique index payout_one_open_per_account on payouts.payout (account) where closed_at is null;
create index payout_of_client on payouts.payout (client_id, id);
create index payout_of_request on payouts.payout (request_id);
create index payout_by_state on payouts.payout (state, id);
-- What oebs-gate has to do something about.
create index payout_due on payouts.payout (id)
  where moving is not null or state in ('new', 'checking', 'approved', 'reserved');
create index payout_awaiting_approval on payouts.payout (approval_asked_at) where state = 'needs_approval';
create index payout_sent on payouts.payout (sent_at) where state in ('in_flight', 'acknowledged');
create index payout_to_be_looked_at on payouts.payout (id) where conflict is not null or trouble is not null;

-- Which cash payment facts a payout pays out: the original's t_cpf.
create table payouts.cpf (
  payout_id bigint not null,
  fact text not null,
  reference text not null,
  amount_minor bigint not null constraint cpf_amount_positive check (amount_minor > 0),
  -- The payout was not paid: the fact is free for another.
  returned_at timestamptz,
  constraint cpf_pkey primary key (payout_id, fact)
);

-- Every step of every payout. Only ever added to.
create table payouts.step (
  payout_id bigint not null,
  number integer not null,
  step text not null,
  from_state text not null,
  to_state text not null,
  -- Who or what: a process, a source of statuses, a person's key.
  actor text not null,
  detail jsonb,
  at timestamptz not null,
  -- The first is 1: its creation.
  constraint step_number_positive check (number >= 1),
  constraint step_pkey primary key (payout_id, number)
);

-- Every status that came in from the ERP's feeds, also what could not be applied.
create table payouts.status (
  -- The order in which they came in.
  number bigint generated always as identity primary key,
  source text not null constraint status_source_known check (source in ('ard', 'oebs', 'bank')),
  event_id text not null,
  erp_id text not null,
  payout_id bigint,
  status text not null,
  reason text,
  occurred_at timestamptz,
  received_at timestamptz not null,
  -- applied; ignored: late, changes nothing; parked: too early, tried again after the next step; unknown: no such payout;
  -- conflict: contradicts what is known.
  outcome text not null
    constraint status_outcome_known check (outcome in ('applied', 'ignored', 'parked', 'unknown', 'conflict')),
  note text,
  -- The same event again is the same row; the same id with another content is another row, and a conflict.
  constraint status_once unique (source, event_id, erp_id, status)
);
create index status_of_payout on payouts.status (payout_id, number) where payout_id is not null;
create index status_not_applied on payouts.status (outcome, number) where outcome in ('parked', 'unknown', 'conflict');

create table payouts.approval (
  payout_id bigint not null,
  approver text not null,
  decision text not null constraint approval_decision_known check (decision in ('approve', 'refuse')),
  -- Of what was approved.
  hash text not null,
  comment text,
  at timestamptz not null,
  constraint approval_pkey primary key (payout_id, approver, hash)
);

-- What is particular to a client: nothing is sent while it is held. There is a row for each client whose payout was
-- checked, so that holding and sending meet at a lock.
create table payouts.client (
  client_id text primary key,
  held_reason text,
  held_by text,
  held_at timestamptz,
  constraint client_held_has_reason check ((held_at is null) = (held_reason is null) and (held_at is null) = (held_by is null))
);

-- From how much on two people must approve a client's payouts, in place of the setting.
create table payouts.client_limit (
  client_id text not null,
  currency text not null constraint client_limit_currency_iso check (currency ~ '^[A-Z]{3}$'),
  approval_above_minor bigint not null constraint client_limit_not_negative check (approval_above_minor >= 0),
  set_by text not null,
  set_at timestamptz not null,
  constraint client_limit_pkey primary key (client_id, currency)
);

-- An approval is given by somebody else than who asked, of what stands there to be approved, while it waits for it.
create function payouts.check_approval() returns trigger language plpgsql as $$
declare
  waiting record;
begin
  select p.state, p.approved_hash, r.asked_by into waiting
  from payouts.payout p left join payouts.request r on r.id = p.request_id where p.id = new.payout_id;
  if waiting.state is distinct from 'needs_approval' or waiting.approved_hash is distinct from new.hash then
    raise exception 'what is approved does not wait for it' using errcode = '23514', constraint = 'approval_of_what_waits';
  end if;
  if waiting.asked_by = new.approver then
    raise exception 'who asked does not approve' using errcode = '23514', constraint = 'approval_by_another';
  end if;
  return new;
end $$;
create trigger approval_is_checked before insert on payouts.approval
  for each row execute function payouts.check_approval();

-- Whatever the code says: nobody gets past the approvals without them.
create function payouts.check_approved() returns trigger language plpgsql as $$
begin
  if (select count(*) from payouts.approval a
      where a.payout_id = new.id and a.hash = new.approved_hash and a.decision = 'approve') < new.approvals_needed then
    raise exception 'approvals are missing' using errcode = '23514', constraint = 'payout_approved_by_enough';
  end if;
  return new;
end $$;
create trigger payout_is_approved before update of state on payouts.payout
  for each row when (new.state = 'approved' and new.approvals_needed > 0) execute function payouts.check_approved();

create function payouts.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of %.% is refused: it is only ever added to', tg_op, tg_table_schema, tg_table_name
    using errcode = 'LG001';
end $$;
create trigger step_is_final before update or delete or truncate on payouts.step
  for each statement execute function payouts.refuse_change();
create trigger approval_is_final before update or delete or truncate on payouts.approval
  for each statement execute function payouts.refuse_change();
revoke update, delete, truncate on payouts.step, payouts.approval from public;
