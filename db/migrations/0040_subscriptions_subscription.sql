create schema subscriptions;

-- Whoever was seen once. The key stands first in every row of the hot path and in every public id.
create table subscriptions.customer (
  id bigint generated always as identity primary key,
  msisdn text not null constraint customer_once_per_msisdn unique
    constraint customer_msisdn_is_e164 check (msisdn ~ '^\+[1-9][0-9]{6,14}$'),
  created_at timestamptz not null,
  -- Hash of the newest consent: the next one is chained to it.
  consent_hash bytea
);

create table subscriptions.service (
  id integer generated always as identity primary key,
  code text not null constraint service_once_per_code unique,
  operator text not null,
  title text not null,
  open boolean not null default true
);

-- Terms bind people, so a version never changes: a new price is a new version.
create table subscriptions.service_terms (
  service_id integer not null references subscriptions.service (id),
  version integer not null,
  price_minor bigint not null constraint service_terms_price_positive check (price_minor > 0),
  currency text not null,
  period text not null constraint service_terms_period_known check (period in ('daily', 'weekly')),
  -- Minutes from local midnight within which the operator may be asked for money.
  charge_from_minute smallint not null default 0,
  charge_to_minute smallint not null default 1440,
  -- Minutes after the first attempt of a period at which it is tried again.
  retry_after_minutes integer[] not null,
  -- Days without any payment after which it ends by itself.
  keep_days smallint not null constraint service_terms_keep_days_positive check (keep_days > 0),
  -- Hours after a subscription during which another one to the same service is refused.
  recent_hours integer not null default 24,
  -- SMS texts by occasion; an absent one is not sent.
  texts jsonb not null,
  created_at timestamptz not null,
  constraint service_terms_pkey primary key (service_id, version),
  constraint service_terms_window_open check (0 <= charge_from_minute and charge_from_minute < charge_to_minute and charge_to_minute <= 1440)
);

-- What a person agreed to, when and how. Only ever added to; each row carries the hash of that customer's one before.
create table subscriptions.consent (
  customer_id bigint not null references subscriptions.customer (id),
  id bigint not null,
  service_id integer not null,
  terms_version integer not null,
  -- The visit this consent ended: a replayed form finds it here.
  visit text not null constraint consent_once_per_visit unique,
  method text not null constraint consent_method_known check (method in ('pin', 'operator_header', 'query')),
  text_shown text not null,
  price_shown text not null,
  locale text not null,
  evidence jsonb not null,
  attribution jsonb not null,
  shown_at timestamptz not null,
  confirmed_at timestamptz not null,
  previous_hash bytea,
  hash bytea not null,
  constraint consent_pkey primary key (customer_id, id),
  constraint consent_terms_exist foreign key (service_id, terms_version)
    references subscriptions.service_terms (service_id, version)
);

create table subscriptions.subscription (
  customer_id bigint not null,
  id bigint not null,
  service_id integer not null,
  terms_version integer not null,
  operator text not null,
  consent_id bigint not null constraint subscription_once_per_consent unique,
  status text not null constraint subscription_status_known check (status in (
    'registered', 'pending', 'trial', 'active', 'grace', 'hold', 'paused',
    'expired', 'cancelled', 'purged', 'rejected', 'blacklisted', 'postpaid'
  )),
  -- From here all periods are counted.
  anchor_at timestamptz not null,
  period integer not null default -1,
  paid_until timestamptz,
  -- When something has to be done next; none while a payment is under way, and none after the end.
  due_at timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  end_reason text,
  constraint subscription_pkey primary key (customer_id, id),
  constraint subscription_consent_exists foreign key (customer_id, consent_id)
    references subscriptions.consent (customer_id, id)
) with (fillfactor = 80);
create unique index subscription_one_alive_per_service on subscriptions.subscription (customer_id, service_id)
  where status in ('pending', 'trial', 'active', 'grace', 'hold', 'paused');
create index subscription_due on subscriptions.subscription (operator, due_at) where due_at is not null;

-- What is owed for one period.
create table subscriptions.bill (
  customer_id bigint not null,
  subscription_id bigint not null,
  period integer not null,
  amount_minor bigint not null,
  currency text not null,
  state text not null default 'open' constraint bill_state_known
    check (state in ('open', 'paid', 'void', 'uncollectible')),
  reason text,
  attempts smallint not null default 0,
  opened_at timestamptz not null,
  closed_at timestamptz,
  constraint bill_pkey primary key (customer_id, subscription_id, period)
) with (fillfactor = 80);
create unique index bill_one_open on subscriptions.bill (customer_id, subscription_id) where closed_at is null;

-- A person's word that it is to end: stored before anything is cancelled.
create table subscriptions.stop (
  customer_id bigint not null references subscriptions.customer (id),
  id bigint not null,
  -- Absent: all services of the customer.
  service_id integer,
  channel text not null constraint stop_channel_known check (channel in ('sms', 'link', 'api')),
  evidence text not null,
  said_at timestamptz not null,
  constraint stop_pkey primary key (customer_id, id)
);
