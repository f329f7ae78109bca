-- All that is written down of these numbers and persons, of whatever entity. A function, because its plan is kept and is the
-- way by the key, however empty the tables were when a connection met them first.
create function rules.person_facts(numbers text[], people text[], most integer)
returns table (suppressions json, consents json, overrides json) language plpgsql stable
set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query select
    (select coalesce(json_agg(s), '[]') from (
      select u.msisdn, u.list, u.entity, u.since, u.until from rules.suppression u
      where u.msisdn = any (numbers) limit most) s),
    (select coalesce(json_agg(c), '[]') from (
      select g.msisdn, g.entity, g.purpose, g.proof, g.given_at, g.expires_at, g.withdrawn_at from rules.consent g
      where g.msisdn = any (numbers) limit most) c),
    (select coalesce(json_agg(o), '[]') from (
      select p.person, p.entity, p.rule_set, p.rule, p.most, p.windows, p.document, p.valid_from,
        least(p.valid_to, p.ended_at) as valid_to
      from rules.person_override p where p.person = any (people) limit person_facts.most) o);
end $$;
