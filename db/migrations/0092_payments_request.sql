-- What was asked for over the log `payments`, as saver took it off. A request is not a payment: it leads to one at most.
create table payments.request (
  id bigint not null constraint request_pkey primary key,
  -- Its place in the log: of one user the later request has the larger.
  place bigint generated always as identity,
  -- The caller's own key of who pays.
  user_key text not null,
  msisdn text not null constraint request_msisdn_is_e164 check (msisdn ~ '^\+[1-9][0-9]{6,14}$'),
  -- What it is for, in the words of who asked.
  service text not null,
  kind text not null constraint request_kind_known check (kind in ('payment', 'refund')),
  -- The payment that is to be given back; empty where there is none.
  refund_of text not null default '',
  -- Of a refund without it: all that is left.
  amount_minor bigint constraint request_amount_positive check (amount_minor > 0),
  currency text,
  gateway text,
  email text,
  callback text,
  -- What who asked wants to find again. Nothing here reads it.
  details jsonb not null,
  asked_by text not null,
  asked_at timestamptz not null,
  saved_at timestamptz not null,
  processing_status text not null default 'new' constraint request_processing_status_known
    check (processing_status in ('new', 'in_processing', 'processed', 'completed', 'duplicated')),
  payment_status text not null default 'unknown' constraint request_payment_status_known
    check (payment_status in ('unknown', 'accepted', 'error', 'decline')),
  reason text,
  -- The request that stands for this one.
  duplicate_of bigint,
  -- Whoever pays, and the payment it led to.
  customer_id bigint,
  payment_id bigint,
  -- What it became, in the words of who asked.
  outcome text,
  began_at timestamptz,
  processed_at timestamptz,
  completed_at timestamptz,
  constraint request_refund_names_payment check ((kind = 'refund') = (refund_of <> '')),
  constraint request_payment_has_amount check (kind = 'refund' or (amount_minor is not null and currency is not null)),
  constraint request_under_way_has_payment check (processing_status <> 'in_processing' or payment_id is not null),
  constraint request_status_follows check (
    (payment_status = 'unknown') = (processing_status in ('new', 'in_processing', 'duplicated')))
) with (fillfactor = 80);
-- Whatever processors do at once: one under way of a user and of a customer, for one service and kind.
create unique index request_one_under_way on payments.request (user_key, service, kind, refund_of)
  where processing_status = 'in_processing';
create unique index request_one_under_way_by_customer on payments.request (customer_id, service, kind, refund_of)
  where processing_status = 'in_processing';
create unique index request_by_payment on payments.request (customer_id, payment_id) where payment_id is not null;
create index request_new on payments.request (place) where processing_status = 'new';
create index request_new_by_user on payments.request (user_key) where processing_status = 'new';
create index request_refund_under_way on payments.request (id)
  where processing_status = 'in_processing' and kind = 'refund';
create index request_processed on payments.request (id) where processing_status = 'processed';
create index request_by_user on payments.request (user_key, id);
