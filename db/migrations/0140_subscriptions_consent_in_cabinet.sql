-- A yes that somebody has given in his cabinet, signed in.

alter table subscriptions.consent drop constraint consent_method_known;
-- The rows that are there fit already: nobody waits while they are read.
alter table subscriptions.consent add constraint consent_method_known
  check (method in ('pin', 'operator_header', 'query', 'card_page', 'api', 'cabinet')) not valid;
