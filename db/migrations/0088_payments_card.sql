-- Payments by card: a page that its holder pays on, cards that he leaves with a gateway, what gateways say.
alter table payments.payment
  -- `phone`: the operator takes it from the bill; `card`: a gateway takes it from a card.
  add column method text not null default 'phone',
  -- The saved card that is charged, where nobody has to be there.
  add column card_id bigint,
  -- What its page shows and its gateway is told: description, e-mail, receipt, whether the card is to be kept.
  add column offer jsonb,
  -- How the browser is led to pay, once its gateway has said so.
  add column presentation jsonb;
alter table payments.payment
  drop constraint payment_state_known, drop constraint payment_closed_when_final;
-- `not valid`: rows from before have been checked by the narrower ones.
alter table payments.payment
  add constraint payment_state_known check (state in (
    'new', 'claimed', 'sending', 'unknown', 'presented', 'authorized', 'accepted', 'declined', 'failed', 'withdrawn',
    'expired', 'uncollectible', 'conflicted')) not valid,
  add constraint payment_closed_when_final check (
    (closed_at is null) = (state in ('new', 'claimed', 'sending', 'unknown', 'presented', 'authorized'))) not valid,
  add constraint payment_method_known check (method in ('phone', 'card')) not valid;
-- Whatever gateway takes it: one payment of a bill is open at a time.
create unique index payment_one_open_by_card on payments.payment (customer_id, reference)
  where closed_at is null and method = 'card';
-- Whose operation a gateway talks of.
create index payment_of_transaction on payments.payment (gateway, gateway_reference)
  where method = 'card' and gateway_reference is not null;
-- Pages whose time is over.
create index payment_presented on payments.payment (not_after) where state = 'presented';

alter table payments.attempt drop constraint attempt_outcome_known;
alter table payments.attempt add constraint attempt_outcome_known check (outcome in (
  'accepted', 'declined', 'failed', 'not_sent', 'unknown', 'authorized', 'conflicted', 'expired', 'withdrawn')) not valid;

-- A card that its holder left with a gateway: only that gateway can use its token.
create table payments.card (
  customer_id bigint not null,
  id bigint not null,
  gateway text not null,
  -- Sealed: whoever has it can take money.
  sealed_token text not null,
  -- To know it again without opening it.
  token_digest bytea not null,
  -- The same for one card at one gateway, where it says so: what budgets of retries are counted by.
  fingerprint text,
  mask text not null,
  brand text not null,
  expires text,
  is_default boolean not null,
  saved_at timestamptz not null,
  -- From then on it is never charged again, whatever was planned.
  removed_at timestamptz,
  removed_reason text,
  constraint card_pkey primary key (customer_id, id)
);
create unique index card_once_per_token on payments.card (customer_id, gateway, token_digest) where removed_at is null;
create unique index card_one_default on payments.card (customer_id) where is_default and removed_at is null;

-- Who did what with a card, and why. Only ever added to.
create table payments.card_change (
  customer_id bigint not null,
  id bigint not null,
  card_id bigint not null,
  change text not null constraint card_change_known check (change in ('saved', 'made_default', 'removed')),
  actor text not null,
  reason text,
  at timestamptz not null,
  constraint card_change_pkey primary key (customer_id, id)
);

-- What gateways call their operations, and what we take each of them for. The first that is accepted settles its payment;
-- a further one is surplus and goes back; one that does not match what was asked for is a conflict.
create table payments.gateway_transaction (
  gateway text not null,
  transaction text not null,
  customer_id bigint not null,
  payment_id bigint not null,
  kind text not null constraint gateway_transaction_kind_known check (kind in ('payment', 'refund')),
  role text not null constraint gateway_transaction_role_known check (role in ('settles', 'surplus', 'conflict', 'declined', 'external')),
  amount_minor bigint not null,
  currency text not null,
  reason text,
  at timestamptz not null,
  constraint gateway_transaction_pkey primary key (gateway, transaction)
);
create index gateway_transaction_of_payment on payments.gateway_transaction (customer_id, payment_id);

-- What gateways said, as it came. Answered as soon as it lies here, applied later.
create table payments.notification (
  id bigint generated always as identity primary key,
  gateway text not null,
  type text not null,
  -- The same for a repetition of the same news.
  dedupe_key text not null,
  -- As it came, and what was read of it when it was proven. Sealed: gateways tell the tokens of cards.
  sealed text not null,
  ip text not null,
  -- The payment that it names, where it names one.
  customer_id bigint,
  payment_id bigint,
  received_at timestamptz not null,
  state text not null default 'new' constraint notification_state_known check (state in ('new', 'applied', 'failed')),
  tries smallint not null default 0,
  next_try_at timestamptz,
  -- What came of it, or why nothing did.
  result text,
  applied_at timestamptz,
  constraint notification_once unique (gateway, dedupe_key)
);
create index notification_waiting on payments.notification (gateway, id) where state = 'new';
create index notification_of_payment on payments.notification (customer_id, payment_id) where payment_id is not null;
create index notification_failed on payments.notification (id) where state = 'failed';
create index notification_by_age on payments.notification using brin (received_at);

-- Money that a payer's bank took back, or is about to.
create table payments.dispute (
  gateway text not null,
  id text not null,
  transaction text not null,
  customer_id bigint,
  payment_id bigint,
  kind text not null constraint dispute_kind_known check (kind in ('opened', 'lost', 'won', 'fee')),
  amount_minor bigint not null,
  currency text not null,
  reason text,
  at timestamptz not null,
  recorded_at timestamptz not null,
  constraint dispute_pkey primary key (gateway, id, kind)
);
