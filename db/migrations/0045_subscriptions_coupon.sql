create table subscriptions.coupon (
  code text not null constraint coupon_pkey primary key,
  -- Discount, duration and limits, as the pure rules read them. They never change.
  rules jsonb not null,
  redemptions integer not null default 0,
  created_at timestamptz not null
);

create table subscriptions.coupon_redemption (
  code text not null references subscriptions.coupon (code),
  customer_id bigint not null,
  subscription_id bigint not null,
  redeemed_at timestamptz not null,
  constraint coupon_redemption_pkey primary key (code, customer_id, subscription_id)
);

-- What people and programs asked of a card subscription, and what came of it. Only ever added to.
create table subscriptions.card_command (
  customer_id bigint not null,
  subscription_id bigint not null,
  id bigint not null,
  command text not null,
  origin text not null,
  actor text not null,
  input jsonb not null,
  outcome text not null,
  reason text,
  asked_at timestamptz not null,
  applied_at timestamptz not null,
  constraint card_command_pkey primary key (customer_id, subscription_id, id)
);
