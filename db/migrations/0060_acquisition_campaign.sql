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
