create schema operators;

-- Whom we charge through and send through, and how: everything here may change while Kopek runs.
create table operators.operator (
  name text primary key constraint operator_name_is_a_word check (name ~ '^[a-z][a-z0-9_]{1,30}$'),
  title text not null,
  country_code text not null constraint operator_country_code_is_digits check (country_code ~ '^[1-9][0-9]{0,2}$'),
  trunk_prefix text not null default '',
  msisdn_digits smallint not null constraint operator_msisdn_fits_e164 check (msisdn_digits between 7 and 15),
  -- How this operator spells a number: `international` 923001234567, `plus` +923001234567, `national` 03001234567.
  msisdn_format text not null default 'international'
    constraint operator_msisdn_format_known check (msisdn_format in ('international', 'plus', 'national')),
  time_zone text not null,
  currency text not null constraint operator_currency_is_iso check (currency ~ '^[A-Z]{3}$'),
  short_code text not null,
  base_url text not null,
  -- Over all processes together; every outgoing call counts.
  requests_per_second numeric not null constraint operator_rate_positive check (requests_per_second > 0),
  timeout_ms integer not null default 20000 constraint operator_timeout_positive check (timeout_ms > 0),
  -- What this operator can be asked about a charge whose answer was lost.
  inquiry text not null default 'none'
    constraint operator_inquiry_known check (inquiry in ('byOurId', 'repeatIsSafe', 'none')),
  -- How long after a request its being unknown to the operator may still mean that it is on its way.
  settle_ms integer not null default 60000 constraint operator_settle_not_negative check (settle_ms >= 0),
  -- The header in which it names the customer's number; empty where it names none.
  msisdn_header text not null default '',
  -- A number in a query string may be believed. Only for demonstrations and tests.
  query_msisdn boolean not null default false
);

create table operators.prefix (
  operator text not null references operators.operator (name),
  prefix text not null constraint prefix_is_digits check (prefix ~ '^[1-9][0-9]{1,14}$'),
  constraint prefix_pkey primary key (operator, prefix)
);

-- Addresses from which the operator's own network reaches us.
create table operators.address_range (
  operator text not null references operators.operator (name),
  range cidr not null,
  constraint address_range_pkey primary key (operator, range)
);

-- Numbers that are not to be charged: `blacklist` (any operator's word, or the law's), `postpaid`.
create table operators.number_list (
  msisdn text not null constraint number_list_msisdn_is_e164 check (msisdn ~ '^\+[1-9][0-9]{6,14}$'),
  list text not null constraint number_list_known check (list in ('blacklist', 'postpaid')),
  reason text not null,
  added_at timestamptz not null,
  constraint number_list_pkey primary key (msisdn, list)
);

-- One state of the circuit breaker for all processes; real time.
create table operators.breaker (
  operator text primary key references operators.operator (name),
  open_until timestamptz not null
);
