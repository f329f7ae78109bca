export { type RawBuilder, sql } from 'kysely';
export { type EmbeddedServer, findEmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
export { isTransient, sqlState } from './failure.ts';
export { type MigrationReport, migrate, pendingMigrations, untilMigrated } from './migrate.ts';
export {
  afterCommit,
  beforeCommit,
  type Database,
  type Executor,
  openDatabase,
  type Tx,
} from './open-database.ts';
export { deferred, deferredAnew, PREPARED, prepared } from './prepared.ts';
