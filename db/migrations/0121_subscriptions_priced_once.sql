-- What a subscription is priced from is over a kilobyte, and a bill that is paid has it already. It is written once, on the bill,
-- and its subscription names the bill; so the row that changes with every step is narrow.
alter table subscriptions.card_subscription
  -- Whole only where no bill has it: before the first is paid, and where somebody has changed it since.
  alter column priced drop not null,
  -- The number of the paid bill whose `after` it is, but for the payments.
  add column priced_bill integer,
  -- Of that bill's period: what was paid, and can be given back.
  add column payments jsonb,
  add constraint card_subscription_is_priced
    check (priced is not null or (priced_bill is not null and payments is not null)) not valid,
  set (fillfactor = 60);
