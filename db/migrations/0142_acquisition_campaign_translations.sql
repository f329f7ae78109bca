-- A campaign's own texts in further languages, by language: beside `texts`, which are in `locale`.
alter table acquisition.campaign add column translations jsonb not null default '{}';
