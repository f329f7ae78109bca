create schema payments;

-- One attempt to move money. Its id is the idempotency key towards the gateway.
create table payments.payment (
  customer_id bigint not null,
  id bigint not null,
  gateway text not null,
  msisdn text not null,
  amount_minor bigint not null constraint payment_amount_positive check (amount_minor > 0),
  currency text not null,
  -- What it pays for, in the words of who asked: opaque here.
  reference text not null,
  priority smallint not null,
  not_after timestamptz not null,
  state text not null default 'new' constraint payment_state_known check (state in (
    'new', 'claimed', 'sending', 'unknown', 'accepted', 'declined', 'failed', 'withdrawn', 'expired', 'uncollectible'
  )),
  -- Times it went, or may have gone, to the gateway.
  attempts smallint not null default 0,
  owner uuid,
  lease_until timestamptz,
  reason text,
  gateway_reference text,
  created_at timestamptz not null,
  sent_at timestamptz,
  next_inquiry_at timestamptz,
  inquiries smallint not null default 0,
  -- A STOP that came while the charge was under way: if it succeeds, it is to be given back.
  stopped_at timestamptz,
  closed_at timestamptz,
  constraint payment_pkey primary key (customer_id, id),
  constraint payment_closed_when_final check (
    (closed_at is null) = (state in ('new', 'claimed', 'sending', 'unknown'))
  )
) with (fillfactor = 70);
-- The few that are open: for the room of a gateway, leases, inquiries, and at most one per reference.
create unique index payment_one_open_per_reference on payments.payment (gateway, customer_id, reference)
  where closed_at is null;
create index payment_of_reference on payments.payment (customer_id, reference);

-- What became of each attempt, only ever added to.
create table payments.attempt (
  customer_id bigint not null,
  payment_id bigint not null,
  number smallint not null,
  outcome text not null constraint attempt_outcome_known
    check (outcome in ('accepted', 'declined', 'failed', 'not_sent', 'unknown')),
  reason text,
  sent_at timestamptz,
  ended_at timestamptz not null,
  constraint attempt_pkey primary key (customer_id, payment_id, number)
);
