// Loaded into the process of every test file: one that does not end although its tests have is ended, and said why. The
// whole run would wait for it otherwise, until its time is over.
import { after } from 'node:test';

const GRACE_MS = 60_000;

after(() => {
  setTimeout(() => {
    const kept = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap');
    const seconds = GRACE_MS / 1000;
    console.error(
      `${process.argv[1]} did not end ${seconds} s after its tests: ${kept.join(', ')}`,
    );
    process.exit();
  }, GRACE_MS).unref();
});
