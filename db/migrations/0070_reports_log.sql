create schema reports;

-- Written by qlistener alone, in sets; only ever added to. The bus hands over each message once in effect.
-- Partitioned by month of business time; the partitions are made by the process, `_rest` is the net beneath.

create table reports.hit (
  at timestamptz not null,
  hit text not null,
  campaign text not null,
  msisdn text,
  msisdn_source text,
  -- Why a number that came along was not believed.
  msisdn_error text,
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

-- `writeTransaction`: one row per charge attempt's result.
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

-- `writeSubscriptionStatus`: one row per change of a status.
create table reports.subscription_status (
  at timestamptz not null,
  subscription text not null,
  msisdn text not null,
  status text not null,
  reason text
) partition by range (at);

-- One line an event of one story.
create table reports.timeline (
  -- Whose story it is: a number, or the hit while nobody knows whose hit it is.
  story text not null,
  at timestamptz not null,
  -- Orders events of one instant: UUID version 7 of the message, then the place within it.
  message_id uuid not null,
  place smallint not null default 0,
  kind text not null,
  subject text not null,
  detail jsonb not null
) partition by range (at);

-- Hits whose number was learned later: their lines belong to that number's story, whichever was written first.
create table reports.visit (
  msisdn text not null,
  hit text not null,
  at timestamptz not null,
  constraint visit_pkey primary key (msisdn, hit)
);

-- One row an operator: when it last took money for us.
create table reports.last_charge (
  operator text primary key,
  at timestamptz not null
) with (fillfactor = 50);

create table reports.hit_rest partition of reports.hit default;
create table reports.user_action_rest partition of reports.user_action default;
create table reports.transaction_log_rest partition of reports.transaction_log default;
create table reports.transaction_rest partition of reports.transaction default;
create table reports.subscription_status_rest partition of reports.subscription_status default;
create table reports.timeline_rest partition of reports.timeline default;

create index timeline_story on reports.timeline (story, at, message_id, place);
-- For reading everybody's newest lines; next to nothing to keep up.
create index timeline_at on reports.timeline using brin (at) with (autosummarize = on);
create index hit_at on reports.hit using brin (at) with (autosummarize = on);
create index transaction_log_reference on reports.transaction_log (reference);
