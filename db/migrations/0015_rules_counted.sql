-- One row for whatever is counted together under one rule: who reserves locks it, so two never take the last place.
create table rules.scope (
  id bigint generated always as identity primary key,
  scope text not null constraint scope_once unique
);

-- A place taken in a counter by a message. Given back when the message certainly did not leave.
create table rules.counted (
  message text not null,
  scope_id bigint not null,
  at timestamptz not null,
  -- Given back also when it was not delivered.
  only_delivered boolean not null default false,
  constraint counted_pkey primary key (message, scope_id)
);
-- All that a count reads stands in it.
create index counted_of_scope on rules.counted (scope_id, at) include (message);
-- Rows come in the order of time: enough to find what is old.
create index counted_by_age on rules.counted using brin (at);

-- What the rules were asked, and what they said: a changed set is tried on it before it holds. The text of the message
-- is not in it, its digest is.
create table rules.asked (
  at timestamptz not null,
  id bigint generated always as identity,
  message text not null,
  entity text not null,
  class text not null,
  recipient text not null,
  person text,
  sender text,
  providers text[],
  segments integer not null,
  body_digest bytea not null,
  body_length integer not null,
  time_zone text,
  region text,
  tags text[] not null,
  attributes jsonb not null default '{}',
  not_before timestamptz,
  expires_at timestamptz not null,
  outcome text not null constraint asked_outcome_known check (outcome in ('send', 'defer', 'reject')),
  -- Of a reject its code, of a defer and a send the rule that decided, where one did.
  reason text,
  -- `send`: valid until; `defer`: not before.
  until timestamptz,
  constraint asked_pkey primary key (at, id)
);
