create schema content;

create table content.item (
  id integer generated always as identity primary key,
  -- The service's code, opaque here.
  service text not null,
  title text not null,
  body text not null,
  open boolean not null default true
);
create index item_of_service on content.item (service) where open;

-- How often an item has gone out. Apart from the item, because it changes with every batch.
create table content.item_use (
  item_id integer primary key references content.item (id),
  delivered bigint not null
) with (fillfactor = 50);

-- A link for one delivery. Only the hash of its secret is kept.
create table content.delivery (
  customer_id bigint not null,
  id bigint not null,
  -- `sub_…/period`: one delivery per paid period.
  reference text not null constraint delivery_once_per_reference unique,
  subscription text not null,
  msisdn text not null,
  item_id integer not null references content.item (id),
  token_hash bytea not null constraint delivery_token_unique unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  opened_at timestamptz,
  -- Hash of the secret of the browser that opened it: that one may come back for a while.
  opened_by bytea,
  constraint delivery_pkey primary key (customer_id, id),
  constraint delivery_opened_by_somebody check ((opened_at is null) = (opened_by is null))
) with (fillfactor = 90);
