import { after } from 'node:test';
import { endTestServer, prepareTemplate, startTestServer, temporaryFolder } from '#testing';

/**
 * A PostgreSQL of this test file's own, so that locks, kills and connections concern nobody else. Call it at the
 * top, before `setStage`: every stage then gets its database on it.
 */
export async function ownServer(): Promise<void> {
  const server = await startTestServer(`${await temporaryFolder()}/postgres`);
  after(() => endTestServer(server));
  await prepareTemplate(server.url);
  process.env.KOPEK_TEST_SERVER = server.url;
}
