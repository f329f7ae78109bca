-- Who is signed in to look at his own subscriptions. Only a hash of what his browser holds stands here.
create table subscriptions.client_session (
  id bigint not null constraint client_session_pkey primary key,
  secret_hash bytea not null,
  msisdn text not null,
  method text not null constraint client_session_method_known check (method in ('pin', 'link')),
  address text not null,
  user_agent text not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  ended_at timestamptz
);
create index client_session_of_number on subscriptions.client_session (msisdn) where ended_at is null;
create index client_session_by_age on subscriptions.client_session (seen_at);

-- Links that sign in once.
create table subscriptions.client_link (
  secret_hash bytea not null constraint client_link_pkey primary key,
  msisdn text not null,
  asked_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index client_link_by_age on subscriptions.client_link (expires_at);
