-- Fiscal receipts (54-FZ) that the tills of gateways have registered, as the gateways have told of them. Only ever added to.
create table payments.fiscal_receipt (
  gateway text not null,
  -- Of the payment or the refund that it is of.
  transaction text not null,
  -- The number of the fiscal document, and its fiscal sign.
  document text not null,
  sign text not null,
  kind text not null constraint fiscal_receipt_kind_known check (kind in ('sale', 'return')),
  customer_id bigint not null,
  payment_id bigint not null,
  device text,
  -- Where it can be looked at.
  url text,
  at timestamptz not null,
  recorded_at timestamptz not null,
  constraint fiscal_receipt_pkey primary key (gateway, transaction, document)
);
create index fiscal_receipt_of_payment on payments.fiscal_receipt (customer_id, payment_id);
