-- Where and how a card gateway is reached, and which payments it may take. Its credentials are sealed: what stands here
-- opens only in this row. A row is never deleted: payments name it, and are given back and asked about through it.
create table payments.gateway_account (
  name text primary key constraint gateway_account_name_is_a_word check (name ~ '^[a-z][a-z0-9_]{1,30}$'),
  -- Transactions of one kind mean nothing to another, so it never changes.
  kind text not null constraint gateway_account_kind_known
    check (kind in ('cloudpayments', 'stripe', 'yookassa', 'processing')),
  title text not null,
  enabled boolean not null default true,
  settings jsonb not null,
  sealed_secrets text not null,
  requests_per_second numeric not null constraint gateway_account_rate_positive check (requests_per_second > 0),
  -- What it may take; null: any.
  currencies text[],
  amount_min_minor bigint,
  amount_max_minor bigint,
  brands text[],
  methods text[],
  -- Its share of the payments that it may take, among all that may; 0: it is only a reserve.
  weight integer not null default 1 constraint gateway_account_weight_not_negative check (weight >= 0),
  -- Its place among those that are tried when another could not; null: after those that have one.
  reserve integer,
  -- What its fiscal receipts say where a payment does not.
  receipts jsonb,
  version integer not null default 1,
  -- Of the breaker, by the database's clock, for all copies. Null: closed. Ahead: open, or one trial is under way. Past:
  -- whoever moves it ahead makes the next trial.
  open_until timestamptz,
  -- How often in a row it was opened: each time for longer.
  openings smallint not null default 0,
  closed_reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint gateway_account_amounts_in_order check (amount_min_minor <= amount_max_minor)
);

create table payments.gateway_account_change (
  id bigint generated always as identity primary key,
  name text not null,
  at timestamptz not null,
  actor text not null,
  -- What it was and what it became, without secrets.
  before jsonb,
  after jsonb not null
);
create index gateway_account_change_of on payments.gateway_account_change (name, id);
