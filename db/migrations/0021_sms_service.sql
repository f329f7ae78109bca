-- A message now belongs to a legal entity, goes through the sending rules, may have several providers to go through,
-- and its fate is heard of after it left. Rows of the version before keep their meaning: `failed` is its word for
-- `rejected`, and what it writes beside this version has no entity and no class.
alter table sms.message
  -- Who asked: `house` (another domain), `api` (POST /v1/sms), `sender` (POST /v1/sender/messages: no rules).
  add column origin text not null default 'house',
  -- Key of the legal entity in the rules; null: the house's own.
  add column entity text,
  add column class text,
  -- Who the recipient is to the entity, where it says so.
  add column person text,
  -- The caller's id, or his Idempotency-Key and a place in its request: asked again, the same message answers.
  add column client_reference text,
  -- Of what was asked under it.
  add column fingerprint bigint,
  add column callback_url text,
  -- What else the rules are told: zone, region, tags.
  add column facts jsonb,
  -- Providers that the caller would take, best first; null: any that the entity may use.
  add column wanted text[],
  -- Providers from which it has certainly not left, so that the next one may be tried.
  add column tried text[] not null default '{}',
  -- Deferred until then; of a queued one: a try of its own that is not due yet.
  add column not_before timestamptz,
  -- The handset must not get it from then on: the rules say so, it never reaches past `expires_at`.
  add column valid_until timestamptz,
  add column segments smallint,
  add column sent_at timestamptz,
  add column cancel_asked_at timestamptz,
  -- When the provider is asked next what became of it.
  add column next_question_at timestamptz,
  add column questions smallint not null default 0,
  drop constraint message_state_known,
  add constraint message_state_known check (state in ('deferred', 'queued', 'claimed', 'submitting', 'accepted', 'sent',
    'delivered', 'undelivered', 'expired', 'rejected', 'cancelled', 'unknown', 'failed')) not valid,
  add constraint message_origin_known check (origin in ('house', 'api', 'sender')) not valid;

create unique index message_once_per_reference on sms.message (origin, entity, client_reference)
  where client_reference is not null;
create index message_question on sms.message (next_question_at, id) where next_question_at is not null;
create index message_to_cancel on sms.message (cancel_asked_at) where cancel_asked_at is not null and closed_at is null;
drop index sms.message_open;

-- What a provider calls one part of an attempt. Its ids come again after a while: the youngest message is meant.
create table sms.submission (
  provider text not null,
  provider_message_id text not null,
  message_id bigint not null,
  attempt smallint not null,
  part smallint not null,
  -- The last that was reported of this part.
  state text,
  reported_at timestamptz,
  constraint submission_pkey primary key (provider, provider_message_id, message_id)
) with (fillfactor = 90);
create index submission_of_message on sms.submission (message_id, attempt);

-- Receipts that came before the answer to their submission, or belong to nobody. They are matched again.
create table sms.parked_report (
  id bigint generated always as identity primary key,
  provider text not null,
  provider_message_id text not null,
  state text not null,
  at timestamptz,
  reason text,
  received_at timestamptz not null
);
create index parked_report_of on sms.parked_report (provider, provider_message_id);

-- The history of each message, and what others follow by a cursor: nothing in it is ever changed.
create table sms.event (
  id bigint not null,
  -- With it rows are read in an order in which none is committed behind a reader's back.
  xid xid8 not null default pg_current_xact_id(),
  message_id bigint not null,
  at timestamptz not null,
  state text not null,
  provider text not null,
  attempt smallint not null,
  reason text,
  -- How the rules came to it: lines of rule, result and sentence, as JSON.
  trace text,
  constraint event_pkey primary key (xid, id)
);
create index event_of_message on sms.event (message_id, id);

-- Texts with places for variables, of an entity. A version is never changed.
create table sms.template (
  entity text not null,
  name text not null,
  version integer not null,
  body text not null,
  created_at timestamptz not null,
  created_by text not null,
  constraint template_pkey primary key (entity, name, version)
);

-- Where and how a provider is reached. Its credentials are sealed: what stands here opens only in this row.
create table sms.provider_account (
  name text primary key constraint provider_account_name_is_a_word check (name ~ '^[a-z][a-z0-9_]{1,30}$'),
  kind text not null,
  title text not null,
  enabled boolean not null default true,
  settings jsonb not null,
  sealed_secrets text not null,
  requests_per_second numeric not null constraint provider_account_rate_positive check (requests_per_second > 0),
  -- Of messages that one sender may show, and one entity may send, through it; null: as many as it takes.
  sender_per_second numeric,
  entity_per_second numeric,
  version integer not null default 1,
  -- Nothing is sent before: its breaker is open, or it has refused all of us (money, credentials).
  open_until timestamptz,
  closed_reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table sms.provider_account_change (
  id bigint generated always as identity primary key,
  name text not null,
  at timestamptz not null,
  actor text not null,
  -- What it was and what it became, without secrets.
  before jsonb,
  after jsonb
);
create index provider_account_change_of on sms.provider_account_change (name, id);

-- To whom an incoming message goes: the longest keyword of its short code that it begins with; '' takes the rest.
create table sms.keyword (
  short_code text not null,
  keyword text not null,
  entity text not null,
  callback_url text,
  constraint keyword_pkey primary key (short_code, keyword)
);

alter table sms.incoming
  add column entity text,
  add column keyword text,
  add column action text;
create index incoming_of_sender on sms.incoming (sender, received_at);
