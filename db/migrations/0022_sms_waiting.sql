-- The version before this one knows no rules. What it wrote itself it may send to its end; what is under the rules leaves
-- only where they had the last word. It tries until its lease ends, and a sender that knows them takes over.
alter table sms.message add constraint message_leaves_by_the_rules
  check (state <> 'submitting' or sent_at is not null or entity is null) not valid;

-- Reports of strangers are kept for days; those that may still find their message are the fresh ones.
create index parked_report_by_age on sms.parked_report (received_at);

-- Rows come in the order of time: enough to find what no law asks for any more.
create index incoming_by_age on sms.incoming using brin (received_at);
