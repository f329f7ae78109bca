import { describeBus } from '#bus/conformance';
import { openBus } from '#bus/open-bus';
import type { FakeClock } from '#clock';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { testDatabase } from '#testing';

const database = await testDatabase();

const open = (clock: FakeClock) =>
  openBus({
    ...{ url: 'postgres:', database, clock, log: silentLog() },
    ...{ metrics: createMetrics(), source: 'kopek/test' },
  });

describeBus({ name: 'postgres:', url: 'postgres:', database, open });
