-- What a receipt names besides: the card that paid, as its gateway has told it. No number of a card stands here.
alter table payments.gateway_transaction
  add column card_brand text,
  -- Such as `411111******1111`.
  add column card_mask text;

-- An account that names both sends fiscal receipts; the systems that adapters knew by their own numbers move there.
update payments.gateway_account set
  settings = settings - 'taxation_system' - 'tax_system_code',
  receipts = case
    when system.name is null then null
    else jsonb_build_object('taxSystem', system.name, 'defaultTax', coalesce(receipts ->> 'defaultTax', 'none'))
  end
from (
  select a.name as account, coalesce(a.receipts ->> 'taxSystem', case a.kind
    when 'cloudpayments' then ('{"0":"osn","1":"usn_income","2":"usn_income_outcome","4":"esn","5":"patent"}'::jsonb)
      ->> (a.settings ->> 'taxation_system')
    when 'yookassa' then ('{"1":"osn","2":"usn_income","3":"usn_income_outcome","5":"esn","6":"patent"}'::jsonb)
      ->> (a.settings ->> 'tax_system_code')
  end) as name
  from payments.gateway_account a where a.kind in ('cloudpayments', 'yookassa')
) system
where gateway_account.name = system.account;
update payments.gateway_account set receipts = null where kind not in ('cloudpayments', 'yookassa');
