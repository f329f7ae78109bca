export { browserExecutable } from './browser.ts';
export { type EventuallyOptions, eventually } from './eventually.ts';
export { isAlive } from './file-lock.ts';
export { freePort } from './free-port.ts';
export { MIGRATIONS, prepareTemplate } from './template.ts';
export { temporaryFolder } from './temporary-folder.ts';
export { type TestBroker, testBroker } from './test-brokers.ts';
export { testDatabase } from './test-database.ts';
export { endTestServer, startTestServer, type TestServer } from './test-server.ts';
