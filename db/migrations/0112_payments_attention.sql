-- What a network says before a payer's bank does: he may dispute it. It moves nothing; people decide whether to give it back.
create table payments.fraud_warning (
  gateway text not null,
  id text not null,
  transaction text not null,
  customer_id bigint not null,
  payment_id bigint not null,
  reason text,
  at timestamptz not null,
  recorded_at timestamptz not null,
  constraint fraud_warning_pkey primary key (gateway, id)
);

-- What people have to look at. Each of these is few.
create index gateway_transaction_conflict on payments.gateway_transaction (at) where role = 'conflict';
create index payment_surplus on payments.payment (created_at) where reference like 'surplus of %' and kind = 'charge';
create index payment_unanswered on payments.payment (sent_at)
  where state = 'unknown' and closed_at is null and next_inquiry_at is null;
create index dispute_opened on payments.dispute (at) where kind = 'opened';

-- What people have looked at, and why nothing more is to be done. Only ever added to.
create table payments.attention_closing (
  -- Where it stood in the list: it names the kind and what it was about.
  place text not null constraint attention_closing_pkey primary key,
  actor text not null,
  reason text not null,
  at timestamptz not null
);
