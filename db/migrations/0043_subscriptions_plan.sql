-- A price that is paid by card may be for a month, three months, a year, or so many days.
alter table subscriptions.service_terms drop constraint service_terms_period_known;
alter table subscriptions.service_terms add constraint service_terms_period_known
  check (period in ('daily', 'weekly', 'month', 'three_months', 'year') or period ~ '^[1-9][0-9]{0,2}_days$');

-- What terms say of cards, and only there: a plan is a service's terms with this half. It never changes either.
create table subscriptions.plan_terms (
  service_id integer not null,
  version integer not null,
  methods text[] not null constraint plan_terms_methods_known
    check (methods <@ '{phone,card}' and 'card' = any (methods)),
  -- Of the calendar that periods are counted by.
  time_zone text not null,
  setup_fee_minor bigint not null constraint plan_terms_setup_fee_not_negative check (setup_fee_minor >= 0),
  trial_days smallint not null constraint plan_terms_trial_days_sane check (trial_days between 0 and 366),
  tax_name text not null,
  tax_basis_points integer not null,
  -- The longest pause; 0: it can't be paused.
  pause_days_most smallint not null constraint plan_terms_pause_days_sane check (pause_days_most between 0 and 366),
  -- How long before a period begins its money is asked for.
  lead_minutes integer not null constraint plan_terms_lead_not_negative check (lead_minutes >= 0),
  -- How a part of a period is measured.
  precision text not null constraint plan_terms_precision_known check (precision in ('second', 'day')),
  dunning jsonb not null,
  constraint plan_terms_pkey primary key (service_id, version),
  constraint plan_terms_are_terms foreign key (service_id, version)
    references subscriptions.service_terms (service_id, version)
);

-- The merchant's own key of a customer, and where a receipt goes.
alter table subscriptions.customer add column user_key text constraint customer_once_per_user_key unique;
alter table subscriptions.customer add column email text;

-- `card_page`: ticked and confirmed on a page of ours. `api`: the merchant attests it, and says how.
alter table subscriptions.consent drop constraint consent_method_known;
alter table subscriptions.consent add constraint consent_method_known
  check (method in ('pin', 'operator_header', 'query', 'card_page', 'api'));
