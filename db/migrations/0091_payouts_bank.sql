-- Where a client's money of a currency goes. A change is for the next file; what was written stays as it was.
create table payouts.requisites (
  client_id text not null,
  currency text not null constraint requisites_currency_iso check (currency ~ '^[A-Z]{3}$'),
  name text not null,
  -- An IBAN, or what the bank calls an account.
  account text not null,
  -- A BIC, or a clearing system and its member; empty where the account is enough.
  bank text not null,
  set_by text not null,
  set_at timestamptz not null,
  constraint requisites_pkey primary key (client_id, currency)
);

-- A file of orders for the bank.
create table payouts.bank_file (
  id bigint primary key,
  message_id text not null constraint bank_file_message_id_once unique,
  created_at timestamptz not null,
  -- Of its bytes. Null until they are on the disk and say what the lines say: until then it is written again.
  sha256 text,
  bytes bigint,
  written_at timestamptz,
  constraint bank_file_written_whole check ((sha256 is null) = (written_at is null) and (bytes is null) = (written_at is null))
);
create index bank_file_unwritten on payouts.bank_file (id) where written_at is null;

-- Its payments of one currency, and whose account pays them.
create table payouts.bank_batch (
  file_id bigint not null,
  number smallint not null,
  currency text not null,
  name text not null,
  account text not null,
  bank text not null,
  constraint bank_batch_pkey primary key (file_id, number)
);

-- A payout that the bank is to make: once, in one file.
create table payouts.bank_line (
  payout_id bigint primary key,
  erp_id text not null constraint bank_line_erp_id_once unique,
  reference text not null,
  client_id text not null,
  currency text not null,
  amount_minor bigint not null constraint bank_line_amount_positive check (amount_minor > 0),
  ready_at timestamptz not null,
  file_id bigint,
  batch smallint,
  -- The requisites as they were when the file was made.
  name text,
  account text,
  bank text,
  constraint bank_line_in_file_whole check (num_nulls(file_id, batch, name, account, bank) in (0, 5))
);
create index bank_line_waiting on payouts.bank_line (payout_id) where file_id is null;
create index bank_line_of_file on payouts.bank_line (file_id, batch, payout_id) where file_id is not null;

-- What stands in a file never leaves it: in another file it would be paid again.
create function payouts.keep_in_file() returns trigger language plpgsql as $$
begin
  raise exception 'payout % stands in a file already', old.payout_id using errcode = 'LG001';
end $$;
create trigger bank_line_stays before update or delete on payouts.bank_line
  for each row when (old.file_id is not null) execute function payouts.keep_in_file();
