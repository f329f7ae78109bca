create schema acquisition;

create table acquisition.campaign (
  id integer generated always as identity primary key,
  -- The last part of its address: `/lp/<link>`.
  link text not null constraint campaign_once_per_link unique
    constraint campaign_link_is_plain check (link ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  title text not null,
  service text not null,
  operator text not null,
  locale text not null default 'en',
  -- What the page says: headline, description, button, terms.
  texts jsonb not null,
  open boolean not null default true,
  created_at timestamptz not null
);

-- A visit that ended in a consent. A form that comes again finds it here, whatever became of its PIN.
create table acquisition.conversion (
  hit text primary key,
  campaign text not null,
  msisdn text not null constraint conversion_msisdn_is_e164 check (msisdn ~ '^\+[1-9][0-9]{6,14}$'),
  consent text not null,
  converted_at timestamptz not null
);
