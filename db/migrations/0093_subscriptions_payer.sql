-- Who pays over the API: the merchant's own key of a customer, and where a receipt goes.
alter table subscriptions.customer
  add column if not exists user_key text constraint customer_once_per_user_key unique,
  add column if not exists email text;

-- `api`: the merchant attests it, and says how. `card_page`: ticked and confirmed on a page of ours.
alter table subscriptions.consent drop constraint consent_method_known;
alter table subscriptions.consent add constraint consent_method_known
  check (method in ('pin', 'operator_header', 'query', 'card_page', 'api'));
