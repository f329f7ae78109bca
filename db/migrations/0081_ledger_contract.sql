-- How a charge is parted, by service and operator. A version never changes: a payment keeps the id of the one it began with.
create table ledger.contract (
  id bigint generated always as identity primary key,
  service text not null,
  operator text not null,
  version integer not null,
  -- From when on charges begin with it; the newest that has begun holds.
  valid_from timestamptz not null,
  -- [{"type", "client_id", "basis_points"}]: of what the customer paid; the platform has the rest.
  shares jsonb not null,
  created_at timestamptz not null,
  constraint contract_version_once unique (service, operator, version)
);

create function ledger.refuse_contract_change() returns trigger language plpgsql as $$
begin
  raise exception '% of ledger.contract is refused: a version never changes, add another', tg_op using errcode = 'LG001';
end $$;
create trigger contract_is_final before update or delete or truncate on ledger.contract
  for each statement execute function ledger.refuse_contract_change();

-- A statement of a gateway: what it has paid over. Each is imported once.
create table ledger.settlement (
  id bigint generated always as identity primary key,
  gateway text not null,
  statement text not null,
  -- Of its bytes.
  hash text not null,
  currency text not null,
  imported_at timestamptz not null,
  constraint settlement_once unique (gateway, statement)
);

-- Its lines, each with what became of it. A line that is posted closes what the gateway owed for one charge.
create table ledger.settlement_line (
  settlement_id bigint not null references ledger.settlement,
  line integer not null,
  -- As the gateway knows the charge: the payment's id in digits.
  transaction_id text not null,
  gross_minor bigint not null,
  fee_minor bigint not null,
  operator_share_minor bigint not null,
  outcome text not null constraint settlement_line_outcome_known
    check (outcome in ('posted', 'unknown', 'amount_differs', 'repeated')),
  charge_id uuid,
  constraint settlement_line_pkey primary key (settlement_id, line)
);
-- A charge is settled once.
create unique index settlement_line_charge_once on ledger.settlement_line (charge_id) where outcome = 'posted';
create index settlement_line_not_posted on ledger.settlement_line (settlement_id) where outcome <> 'posted';

-- Cash payment facts: money that has arrived, as far as it belongs to an account; one for each statement and account.
create table ledger.cash_fact (
  id bigint generated always as identity primary key,
  account_id bigint not null,
  settlement_id bigint not null references ledger.settlement,
  amount bigint not null constraint cash_fact_amount_positive check (amount > 0),
  taken bigint not null default 0,
  constraint cash_fact_once unique (account_id, settlement_id),
  constraint cash_fact_taken_within_amount check (taken between 0 and amount)
);
create index cash_fact_free on ledger.cash_fact (account_id, id) where taken < amount;

-- Who asked for facts: asked again, the same answer.
create table ledger.cash_holder (
  holder text primary key,
  account_id bigint not null,
  amount bigint not null,
  returned_at timestamptz
);
create table ledger.cash_take (
  holder text not null references ledger.cash_holder,
  fact_id bigint not null references ledger.cash_fact,
  amount bigint not null constraint cash_take_amount_positive check (amount > 0),
  constraint cash_take_pkey primary key (holder, fact_id)
);
