-- What is done to reservations, where our book and a gateway's differ, and who has settled what by hand.
alter table payments.gateway_transaction drop constraint gateway_transaction_role_known;
alter table payments.gateway_transaction
  -- `settles` what was asked for; `external`: done at the gateway by somebody else; `returned`: gives back of a conflict.
  add constraint gateway_transaction_role_known check (role in (
    'settles', 'surplus', 'conflict', 'declined', 'external', 'returned')) not valid,
  -- What the gateway keeps of it, once it has said so and that is posted.
  add column fee_minor bigint;

-- Reservations that their gateway has let go by now, and may not have said so.
create index payment_authorized on payments.payment (not_after) where state = 'authorized';

-- What people have to look at.
create index payment_conflicted on payments.payment (gateway) where state = 'conflicted';
create index payment_unknown_card on payments.payment (gateway, created_at)
  where state = 'unknown' and method = 'card' and closed_at is null;
create index gateway_transaction_by_time on payments.gateway_transaction (gateway, at);

-- To take what was reserved, or to let it go. Asked of the gateway until it has said what became of it.
create table payments.card_operation (
  customer_id bigint not null,
  id bigint not null,
  payment_id bigint not null,
  gateway text not null,
  transaction text not null,
  kind text not null constraint card_operation_kind_known check (kind in ('confirm', 'void')),
  -- Of what was reserved: all or a part of it.
  amount_minor bigint not null constraint card_operation_amount_positive check (amount_minor > 0),
  currency text not null,
  state text not null default 'open' constraint card_operation_state_known check (state in ('open', 'done', 'refused')),
  reason text not null,
  -- Why the gateway refused it.
  refusal text,
  tries integer not null default 0,
  next_try_at timestamptz not null default '-infinity',
  created_at timestamptz not null,
  closed_at timestamptz,
  constraint card_operation_pkey primary key (customer_id, id),
  constraint card_operation_closed_when_final check ((closed_at is null) = (state = 'open'))
);
create unique index card_operation_one_open on payments.card_operation (gateway, transaction) where state = 'open';
create index card_operation_due on payments.card_operation (next_try_at) where state = 'open';
create index card_operation_of_payment on payments.card_operation (customer_id, payment_id);

-- A comparison of a gateway's own list with our book.
create table payments.reconciliation (
  gateway text not null,
  id bigint not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  began_at timestamptz not null,
  -- Null while it is under way, or where it was cut off.
  ended_at timestamptz,
  listed integer not null default 0,
  applied integer not null default 0,
  constraint reconciliation_pkey primary key (gateway, id)
);

-- Where the two differ: seen first and last, and gone once a later comparison no longer finds it.
create table payments.difference (
  gateway text not null,
  kind text not null constraint difference_kind_known check (kind in (
    'unknown_here', 'missing_there', 'amount_differs', 'refund_unknown_here', 'refund_missing_there', 'conflict',
    'unanswered', 'dispute')),
  -- What it is about: the gateway's id, or ours where the gateway has none.
  subject text not null,
  customer_id bigint,
  payment_id bigint,
  transaction text,
  ours_minor bigint,
  theirs_minor bigint,
  currency text,
  -- When it happened, by whoever knows it.
  at timestamptz not null,
  message text not null,
  seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  gone_at timestamptz,
  constraint difference_pkey primary key (gateway, kind, subject)
);
create index difference_standing on payments.difference (gateway, seen_at) where gone_at is null;

-- Who has settled a payment by hand, and why. Only ever added to.
create table payments.hand_settlement (
  customer_id bigint not null,
  id bigint not null,
  payment_id bigint not null,
  was text not null,
  outcome text not null constraint hand_settlement_outcome_known check (outcome in ('accepted', 'declined', 'returned')),
  transaction text,
  actor text not null,
  reason text not null,
  at timestamptz not null,
  constraint hand_settlement_pkey primary key (customer_id, id)
);
create index hand_settlement_of_payment on payments.hand_settlement (customer_id, payment_id);
