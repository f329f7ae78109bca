-- Since when people have to look at it.
alter table subscriptions.card_subscription add column attention_since timestamptz;

-- A request that its gateway called wrong, and that a person has mended since: it decides nothing any more.
alter table subscriptions.card_decline add column mended_at timestamptz;

-- Who has let one go on, and why. Only ever added to.
create table subscriptions.attention_closing (
  id bigint generated always as identity primary key,
  customer_id bigint not null,
  subscription_id bigint not null,
  attention text not null,
  actor text not null,
  reason text not null,
  at timestamptz not null
);
create index attention_closing_of on subscriptions.attention_closing (customer_id, subscription_id);
