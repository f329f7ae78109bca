-- The half of a subscription that is paid by card. Its row in subscriptions.subscription has the operator `card`.
create table subscriptions.card_subscription (
  customer_id bigint not null,
  id bigint not null,
  -- What prices are computed from, whole, as the pure rules have left it.
  priced jsonb not null,
  -- The card that is charged, as it was when it was saved. No number of a card stands here.
  card_id bigint,
  card_gateway text,
  card_brand text,
  card_mask text,
  card_fingerprint text,
  locale text not null,
  -- How many bills it has had: the number of the next.
  bill_count integer not null default 0,
  -- The newest payment by which a card was left.
  card_payment_id bigint,
  -- The newest period whose charge was announced.
  noticed_period integer,
  -- When it ends by choice.
  cancel_at timestamptz,
  -- When a pause ends by itself.
  paused_until timestamptz,
  -- Since when it is what it is.
  status_since timestamptz not null,
  -- Why people have to look at it before anything more is charged; the staff's list.
  attention text,
  constraint card_subscription_pkey primary key (customer_id, id),
  constraint card_subscription_is_one foreign key (customer_id, id)
    references subscriptions.subscription (customer_id, id)
) with (fillfactor = 80);
create index card_subscription_attention on subscriptions.card_subscription (id) where attention is not null;
create index card_subscription_by_card on subscriptions.card_subscription (customer_id, card_id) where card_id is not null;

-- What a bill for a card has besides. `bill.period` is the bill's number; `covers` is the period it pays for.
create table subscriptions.card_bill (
  customer_id bigint not null,
  subscription_id bigint not null,
  period integer not null,
  kind text not null constraint card_bill_kind_known check (kind in ('start', 'renewal', 'change')),
  covers integer not null,
  -- Voided before it was paid: another may cover its period.
  is_void boolean not null default false,
  total_minor bigint not null,
  tax_minor bigint not null,
  balance_used_minor bigint not null,
  -- What the subscription is once this is paid.
  after jsonb not null,
  -- What the tax office is told of it, where the price has a tax that it knows.
  receipt jsonb,
  first_declined_at timestamptz,
  next_attempt_at timestamptz,
  next_because text,
  -- The reason that was told last, and how many steps of the ladder were told.
  told_reason text,
  -- A payment of it is open, so that no other is begun; of one on a page, which.
  is_under_way boolean not null default false,
  page_payment text,
  told_steps smallint not null default 0,
  constraint card_bill_pkey primary key (customer_id, subscription_id, period),
  constraint card_bill_is_one foreign key (customer_id, subscription_id, period)
    references subscriptions.bill (customer_id, subscription_id, period)
) with (fillfactor = 80);
create unique index card_bill_one_per_period on subscriptions.card_bill (customer_id, subscription_id, covers)
  where kind <> 'change' and not is_void;

-- Lines of bills, those of nothing too: what a later credit goes back to. Only ever added to.
create table subscriptions.bill_line (
  customer_id bigint not null,
  subscription_id bigint not null,
  period integer not null,
  line smallint not null,
  kind text not null,
  plan text not null,
  version integer not null,
  quantity integer not null,
  covers integer not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  period_price_minor bigint not null,
  share_numerator bigint not null,
  share_denominator bigint not null constraint bill_line_denominator_positive check (share_denominator > 0),
  amount_minor bigint not null,
  tax_minor bigint not null,
  tax_name text not null,
  constraint bill_line_pkey primary key (customer_id, subscription_id, period, line)
);

-- What cards refused, of whatever bill: the limits of the networks are the card's.
create table subscriptions.card_decline (
  customer_id bigint not null,
  subscription_id bigint not null,
  period integer not null,
  payment_id bigint not null,
  at timestamptz not null,
  reason text not null,
  class text not null,
  fingerprint text not null,
  retry_after timestamptz,
  constraint card_decline_pkey primary key (customer_id, subscription_id, period, payment_id)
);
create index card_decline_by_card on subscriptions.card_decline (fingerprint, at);
