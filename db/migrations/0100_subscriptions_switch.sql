-- What a card pays where that is another price, or another interval, than the operator's: both or neither.
alter table subscriptions.plan_terms add column card_price_minor bigint
  constraint plan_terms_card_price_positive check (card_price_minor > 0);
alter table subscriptions.plan_terms add column card_currency text;
alter table subscriptions.plan_terms add column card_period text
  constraint plan_terms_card_period_known
  check (card_period in ('daily', 'weekly', 'month', 'three_months', 'year') or card_period ~ '^[1-9][0-9]{0,2}_days$');
alter table subscriptions.plan_terms add constraint plan_terms_card_price_whole
  check ((card_price_minor is null) = (card_period is null) and (card_price_minor is null) = (card_currency is null));

-- From one way of paying to the other. Only ever added to, but for one that waits for its card.
create table subscriptions.way_switch (
  customer_id bigint not null,
  subscription_id bigint not null,
  -- The command's.
  id bigint not null,
  to_way text not null constraint way_switch_to_known check (to_way in ('phone', 'card')),
  consent_id bigint not null,
  consented_at timestamptz not null,
  state text not null constraint way_switch_state_known check (state in ('waiting', 'done', 'dropped')),
  -- Why it was dropped.
  reason text,
  -- The whole command, to be carried out when its card is there.
  command jsonb not null,
  -- When it is looked at next: empty until the card was left on its page.
  try_at timestamptz,
  asked_at timestamptz not null,
  ended_at timestamptz,
  constraint way_switch_pkey primary key (customer_id, subscription_id, id),
  constraint way_switch_consent_exists foreign key (customer_id, consent_id)
    references subscriptions.consent (customer_id, id)
);
create unique index way_switch_one_waiting on subscriptions.way_switch (customer_id, subscription_id)
  where state = 'waiting';
create index way_switch_to_try on subscriptions.way_switch (try_at) where state = 'waiting' and try_at is not null;
