create schema sms;

-- One message to one handset. It leaves at most once: what may have left is never sent again.
create table sms.message (
  id bigint primary key,
  provider text not null,
  recipient text not null constraint message_recipient_is_e164 check (recipient ~ '^\+[1-9][0-9]{6,14}$'),
  sender text not null,
  body text not null,
  kind text not null,
  -- The body is a secret (a PIN): it is blotted out once it has left.
  secret boolean not null,
  priority smallint not null,
  -- Whose message this is (`sub_…`), for the reader of a story.
  reference text,
  -- The same fact asks for its message once, however often it is handled.
  dedupe_key text,
  state text not null default 'queued' constraint message_state_known
    check (state in ('queued', 'claimed', 'submitting', 'sent', 'expired', 'failed', 'unknown')),
  attempts smallint not null default 0,
  owner uuid,
  lease_until timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  closed_at timestamptz,
  provider_message_id text,
  error text
) with (fillfactor = 80);
create unique index message_once_per_fact on sms.message (dedupe_key) where dedupe_key is not null;
create index message_open on sms.message (provider, id) where closed_at is null;
create index message_of_recipient on sms.message (recipient, id);

-- What customers sent to us, as it came. The provider's id makes a repeated delivery harmless.
create table sms.incoming (
  provider text not null,
  provider_message_id text not null,
  sender text not null,
  short_code text not null,
  body text not null,
  received_at timestamptz not null,
  constraint incoming_pkey primary key (provider, provider_message_id)
);
