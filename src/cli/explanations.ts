/** A code that Kopek prints, and what it means. */
export interface Explanation {
  readonly code: string;
  readonly title: string;
  readonly text: string;
  /** Codes of errors that are told under this one. */
  readonly errors?: readonly string[];
}

/** Every code, in the order of its number. A code keeps its meaning for ever. */
export const EXPLANATIONS: readonly Explanation[] = [
  {
    code: 'KOP-0101',
    title: 'This Node is too old',
    text: 'Kopek runs on Node 24. `npm ci` installs it beside the other packages, and `npm start` and `npx kopek` use\nit whatever Node the machine has. Where install scripts are blocked, run: npm rebuild node',
  },
  {
    code: 'KOP-0102',
    title: 'A port is taken',
    text: 'Another process listens on a port that Kopek needs: often a Kopek that is running already. Use that one,\nstop it, or give this one other ports (KOPEK_PORT, OPERATOR_SIMULATOR_PORT,\nERP_SIMULATOR_PORT).',
    errors: ['port_in_use'],
  },
  {
    code: 'KOP-0103',
    title: 'Nothing runs here',
    text: 'The command needs the database of a running Kopek. Without DATABASE_URL that is the embedded one under\nKOPEK_DATA_DIR (.kopek of the current folder), which runs while `npm start` does.',
  },
  {
    code: 'KOP-0120',
    title: 'A number is out of its range',
    text: 'The setting takes a whole number; the message says from where to where.',
  },
  { code: 'KOP-0121', title: 'A switch is neither on nor off', text: 'Write on or off.' },
  {
    code: 'KOP-0122',
    title: 'A word is none of the choices',
    text: 'The message lists the words that can stand there.',
  },
  {
    code: 'KOP-0123',
    title: 'An address to listen on is malformed',
    text: 'Write an IP address or a host name without a port: 127.0.0.1 is this machine only, 0.0.0.0 all networks.',
  },
  {
    code: 'KOP-0124',
    title: 'A folder is malformed',
    text: 'Write a path without blanks at its ends.',
  },
  {
    code: 'KOP-0125',
    title: 'A URL is malformed',
    text: 'Write the whole URL, with its scheme: https://pay.example.com',
  },
  {
    code: 'KOP-0126',
    title: 'Two servers want the same port',
    text: 'The site and the simulators run side by side: give them different ports.',
  },
  {
    code: 'KOP-0128',
    title: 'A time is malformed',
    text: 'Write a whole number and its unit: 250ms, 1s, 5m or 1h.',
  },
  {
    code: 'KOP-0130',
    title: 'The secret is too short',
    text: 'Forms and links are signed with KOPEK_SECRET. Whoever guesses it can forge a consent, so it has at least 32\nletters: openssl rand -base64 48. All processes of one Kopek need the same.',
  },
  {
    code: 'KOP-0131',
    title: 'The key of the system of accounts is missing',
    text: 'PAYOUT_ACCOUNTS_URL names a system of accounts, which answers nobody without an API key. Set\nPAYOUT_ACCOUNTS_KEY to one with the scopes ledger:read and ledger:write, or leave both empty.',
  },
  {
    code: 'KOP-0140',
    title: 'A list of amounts is malformed',
    text: 'Write currencies with minor units (kopeks, cents), parted by commas, each once: RUB=50000000, PKR=10000000',
  },
  {
    code: 'KOP-0210',
    title: 'The database can not be reached',
    text: 'Nothing answers at DATABASE_URL, or it refuses the user or the password. Try it by itself:\npsql "$DATABASE_URL" -c \'select 1\'\nFor the embedded one the end of its own log is in .kopek/postgres/data/server.log.',
    errors: ['database_unavailable'],
  },
  {
    code: 'KOP-0211',
    title: 'DATABASE_URL is of another kind',
    text: 'Kopek keeps everything in PostgreSQL 15 or newer: postgres://user:password@host:5432/database',
  },
  {
    code: 'KOP-0214',
    title: 'The database is newer than this code',
    text: 'Someone ran a newer Kopek on this database. Migrations only go forward: update the code, or restore a backup\nthat was made before. Nothing was changed.',
    errors: ['database_newer'],
  },
  {
    code: 'KOP-0215',
    title: 'An applied migration was changed',
    text: 'A migration that this database has seen has another text now. Restore the file as it was (git checkout), and\nput the change into a new migration.',
    errors: ['migration_edited'],
  },
  {
    code: 'KOP-0216',
    title: 'A migration failed',
    text: 'It was rolled back: the database is as it was before that migration, and the message tells its name. Migrations\nbefore it stay applied.',
    errors: ['migration_failed'],
  },
  {
    code: 'KOP-0310',
    title: 'The bus has no such engine',
    text: 'Messages go through the same database (postgres:), RabbitMQ (amqp:, amqps:) or Kafka (kafka:, kafkas:).',
    errors: ['bus_unknown', 'bus_url_malformed'],
  },
  {
    code: 'KOP-0311',
    title: 'The routes of topics can not be used',
    text: 'BUS_ROUTES is a list of topic=URL, parted by commas; * in a topic stands for any letters. There is at most one\nbroker of each kind, BUS_URL included.',
    errors: ['bus_two_brokers'],
  },
  {
    code: 'KOP-0312',
    title: 'No such topic',
    text: 'Nobody has ever listened to a topic of this name on this database, so it holds nothing.',
  },
  {
    code: 'KOP-0313',
    title: 'Messages wait on another engine',
    text: 'BUS_URL or BUS_ROUTES send a topic elsewhere than where its messages wait. Stop all processes and say\nkopek bus move: it hands over what waits, and the next start goes on with it.',
    errors: ['bus_engine_differs'],
  },
  {
    code: 'KOP-0314',
    title: 'The bus is in use',
    text: 'Queues are moved between engines only while no process works with them: otherwise some of them would go on\nsending to where nobody listens. Stop all processes first; a start during a move waits for its end.',
    errors: ['bus_in_use', 'bus_moving'],
  },
  {
    code: 'KOP-0315',
    title: 'A broker can not be reached',
    text: 'RabbitMQ or Kafka does not answer at the URL in BUS_URL or BUS_ROUTES, or refuses the user. What is published\nmeanwhile waits in the database and goes out when the broker is back.',
    errors: ['broker_away', 'broker_refuses'],
  },
  {
    code: 'KOP-0330',
    title: 'A name can not begin the names of topics',
    text: 'PAYOUT_TOPIC_PREFIX stands before .oebs.new-payout and the like, as both brokers take it: letters, digits, dots,\ndashes and underscores.',
  },
  {
    code: 'KOP-0331',
    title: 'The accounts that payouts are paid from can not be read',
    text: 'PAYOUT_DEBTORS is a list of currency=account/bank, parted by commas, with one account for each currency:\nEUR=DE89370400440532013000/COBADEFFXXX, JPY=0012345',
  },
  {
    code: 'KOP-0340',
    title: 'A file of orders is not what the database says',
    text: 'What was written for the bank was read back and differs from the payouts in it, or a file that is written again\nhas other bytes than before. Do not send it. Somebody has changed payouts.bank_line or payouts.bank_batch, or the disk\nis not to be trusted.',
    errors: ['bank_file_differs'],
  },
  {
    code: 'KOP-0410',
    title: 'An operator does not answer',
    text: "Nothing listens at the operator's address (operators.operator.base_url). Charges and messages wait and are tried\nagain; what was under way is asked about before anything is sent again.",
  },
  {
    code: 'KOP-0430',
    title: 'An address range is malformed',
    text: 'Write addresses or CIDR blocks, IPv4 or IPv6, parted by commas: 10.0.0.7, 10.1.0.0/16, ::1',
  },
  {
    code: 'KOP-0431',
    title: 'Everybody would be trusted',
    text: "Forwarded addresses and the operator's header with the customer's number are believed from KOPEK_TRUSTED_PROXIES.\nA range of all addresses would let anyone name any phone number, and subscribe it. The number comes only from the\noperator's addresses or a one-time PIN: name your own proxies.",
  },
  {
    code: 'KOP-0501',
    title: 'The phone number can not be used',
    text: "It is of no operator here, or misspelt. Any usual spelling will do: +923009102250, 923009102250, 0300 9102250.\nOperators' prefixes stand in operators.prefix.",
    errors: ['msisdn_invalid', 'msisdn_foreign'],
  },
];

/** The explanation under which an error of this code is told. */
export function explanationOf(error: string): Explanation | undefined {
  return EXPLANATIONS.find(({ errors }) => errors?.includes(error));
}
