create schema reports;

-- Written by qlistener alone, in sets; only ever added to. `message_id` makes a row once in effect.

create table reports.hit (
  at timestamptz not null,
  hit text not null,
  campaign text not null,
  msisdn text,
  msisdn_source text,
  aff_sub text,
  aff_pub text,
  address text,
  user_agent text,
  referer text,
  path text not null
) partition by range (at);

create table reports.user_action (
  at timestamptz not null,
  hit text not null,
  action text not null,
  campaign text,
  msisdn text,
  error text
) partition by range (at);

create table reports.transaction_log (
  at timestamptz not null,
  operator text not null,
  kind text not null,
  msisdn text,
  -- `pay_…` or `sms_…`
  reference text,
  amount_minor bigint,
  currency text,
  decision text not null,
  code text,
  http_status smallint,
  took_ms integer,
  request text,
  response text
) partition by range (at);

-- The original's `writeTransaction`: one row per charge attempt's result.
create table reports.transaction (
  at timestamptz not null,
  subscription text not null,
  payment text not null,
  msisdn text not null,
  operator text not null,
  service text not null,
  period integer not null,
  amount_minor bigint not null,
  currency text not null,
  result text not null,
  reason text
) partition by range (at);

-- The original's `writeSubscriptionStatus`.
create table reports.subscription_status (
  at timestamptz not null,
  subscription text not null,
  msisdn text not null,
  status text not null,
  reason text
) partition by range (at);

-- One line an event of one customer's story.
create table reports.timeline (
  msisdn text not null,
  at timestamptz not null,
  -- Orders events of one instant: UUID version 7 of the message, then the place within it.
  message_id uuid not null,
  place smallint not null default 0,
  kind text not null,
  subject text not null,
  detail jsonb not null
) partition by range (at);

create table reports.hit_rest partition of reports.hit default;
create table reports.user_action_rest partition of reports.user_action default;
create table reports.transaction_log_rest partition of reports.transaction_log default;
create table reports.transaction_rest partition of reports.transaction default;
create table reports.subscription_status_rest partition of reports.subscription_status default;
create table reports.timeline_rest partition of reports.timeline default;

create index timeline_story on reports.timeline (msisdn, at, message_id, place);
create index hit_at on reports.hit (at);
create index transaction_log_reference on reports.transaction_log (reference);
