-- What becomes of a subscription whose payment its payer's bank takes back.
alter table subscriptions.plan_terms add column on_dispute text not null default 'end'
  constraint plan_terms_on_dispute_known check (on_dispute in ('end', 'keep'));

-- Nobody redeems it from then on; whoever has, keeps what it promised.
alter table subscriptions.coupon add column ended_at timestamptz;
-- Ids of subscriptions grow with time.
create index coupon_redemption_newest on subscriptions.coupon_redemption (code, subscription_id, customer_id);

-- Who has changed what is sold, and how. Only ever added to.
create table subscriptions.price_list_change (
  id bigint generated always as identity primary key,
  -- `plan` or `coupon`, and its code.
  about text not null constraint price_list_change_about_known check (about in ('plan', 'coupon')),
  code text not null,
  at timestamptz not null,
  actor text not null,
  action text not null constraint price_list_change_action_known
    check (action in ('add', 'add_version', 'close', 'open', 'end')),
  -- What it became, in the words of the API.
  after jsonb
);
create index price_list_change_of on subscriptions.price_list_change (about, code, id);
