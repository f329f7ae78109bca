-- What is planned for one subscription: the version, from when on, and whether a new yes is needed and was given.
alter table subscriptions.card_subscription add column move jsonb;

-- People of older versions are moved to a newer one, deliberately: who wanted it, what was promised, how far it is.
create table subscriptions.price_move (
  id bigint not null constraint price_move_pkey primary key,
  service_id integer not null,
  to_version integer not null,
  notice_days smallint not null constraint price_move_notice_sane check (notice_days between 1 and 366),
  consent text not null constraint price_move_consent_known check (consent in ('notice', 'required')),
  without_consent text not null constraint price_move_without_known check (without_consent in ('keep', 'end')),
  -- What is said by SMS.
  text text not null,
  state text not null constraint price_move_state_known check (state in ('previewed', 'running', 'done')),
  -- What it came to when it was looked at, by version.
  preview jsonb not null,
  -- Looked at, of so many; told and planned; left out.
  total bigint not null,
  looked bigint not null default 0,
  planned bigint not null default 0,
  -- The last one that was looked at: where it goes on.
  after_customer_id bigint not null default 0,
  after_id bigint not null default 0,
  created_at timestamptz not null,
  created_by text not null,
  started_at timestamptz,
  started_by text,
  finished_at timestamptz,
  constraint price_move_version_exists foreign key (service_id, to_version)
    references subscriptions.plan_terms (service_id, version)
);
create unique index price_move_one_running on subscriptions.price_move (service_id) where state = 'running';

-- Who was looked at by a move, once. Only ever added to.
create table subscriptions.price_move_member (
  move_id bigint not null references subscriptions.price_move (id),
  customer_id bigint not null,
  subscription_id bigint not null,
  from_version integer not null,
  outcome text not null constraint price_move_member_outcome_known check (outcome in ('planned', 'skipped')),
  -- Why he was left out.
  reason text,
  told_at timestamptz not null,
  -- The first period that begins from then on is charged at the new version's price.
  from_at timestamptz,
  constraint price_move_member_pkey primary key (move_id, customer_id, subscription_id)
);

-- Whom a card pays, by plan: what moves go through.
create index subscription_alive_by_card on subscriptions.subscription (service_id, customer_id, id)
  where operator = 'card' and ended_at is null;
