-- Fiscal receipts (54-FZ) that were sent with an operation and of which its gateway has to be asked: it tells nothing by itself. What is
-- registered stands in `payments.fiscal_receipt` and is asked about no more: its row goes.
create table payments.fiscal_question (
  gateway text not null,
  -- Of the payment or the refund that the receipt is of.
  transaction text not null,
  kind text not null constraint fiscal_question_kind_known check (kind in ('sale', 'return')),
  customer_id bigint not null,
  payment_id bigint not null,
  -- When the operation was carried out, by its gateway's clock.
  at timestamptz not null,
  -- `cancelled`: the till could not register it. `unanswered`: nobody is asked any more.
  state text not null default 'open' constraint fiscal_question_state_known check (state in ('open', 'cancelled', 'unanswered')),
  -- How often an answer was had, and what the last one said.
  asked integer not null default 0,
  is_pending boolean not null default false,
  -- It has taken so long that people look at it.
  is_late boolean not null default false,
  due_at timestamptz not null,
  -- By the database's clock: somebody asks at this moment.
  lease_until timestamptz not null default '-infinity',
  began_at timestamptz not null,
  constraint fiscal_question_pkey primary key (gateway, transaction)
);
create index fiscal_question_due on payments.fiscal_question (gateway, due_at) where state = 'open';
create index fiscal_question_waits on payments.fiscal_question (at) where is_late;
