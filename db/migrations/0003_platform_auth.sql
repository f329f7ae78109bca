-- API keys. The text is shown once when the key is made; only its hash stays here.
create table platform.api_key (
  id bigint generated always as identity primary key,
  name text not null constraint api_key_name_length check (length(name) between 1 and 200),
  key_hash bytea not null constraint api_key_hash_unique unique
    constraint api_key_hash_is_sha256 check (length(key_hash) = 32),
  scopes text[] not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);

-- One row per subject: the PIN that was sent last, and how many were sent in the current day.
create table platform.one_time_pin (
  subject text primary key constraint one_time_pin_subject_length check (length(subject) between 1 and 200),
  salt bytea not null,
  pin_mac bytea not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  tries_left smallint not null constraint one_time_pin_tries_not_negative check (tries_left >= 0),
  confirmed_at timestamptz,
  day_began_at timestamptz not null,
  issued_in_day integer not null
) with (fillfactor = 80);

create index one_time_pin_by_issue on platform.one_time_pin (issued_at);

-- Answers that were given under an Idempotency-Key. A row is written in the transaction of the work that
-- it answers for, so the row and the work exist together or not at all.
create table platform.idempotency_key (
  principal text not null,
  key text not null constraint idempotency_key_length check (length(key) between 1 and 255),
  request_hash bytea not null,
  -- The answer as JSON text, not jsonb: what is sent again must be the same, order and digits included.
  status smallint not null constraint idempotency_key_answer_is_final check (status between 200 and 499),
  answer text not null,
  created_at timestamptz not null,
  primary key (principal, key)
);

create index idempotency_key_by_age on platform.idempotency_key (created_at);
