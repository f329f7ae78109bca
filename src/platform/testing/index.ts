export { browserExecutable } from './browser.ts';
export {
  type CrashChild,
  childSettings,
  runCrashChild,
  startCrashChild,
} from './crash-child.ts';
export { type CrashPoints, crashPoints } from './crash-points.ts';
export { type EventuallyOptions, eventually } from './eventually.ts';
export { isAlive, withFileLock } from './file-lock.ts';
export { freePort } from './free-port.ts';
export { createSpan, type Lifetime, type Span } from './lifetime.ts';
export { rowsLookedAt } from './rows-looked-at.ts';
export { createTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { MIGRATIONS, prepareTemplate } from './template.ts';
export { temporaryFolder } from './temporary-folder.ts';
export { type TestBroker, testBroker } from './test-brokers.ts';
export { testDatabase } from './test-database.ts';
export { endTestServer, startTestServer, type TestServer } from './test-server.ts';
