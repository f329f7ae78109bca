import { parsePort } from './parsers.ts';
import { processPort } from './process-port.ts';
import { setting } from './setting.ts';

/** Of payments by card, and of their intake through a log. */
export const cardSettings = {
  paymentsApiPort: setting({
    name: 'PAYMENTS_API_PORT',
    kind: 'port',
    sentence:
      'Port of payments-api: its own when it runs apart, and beside the site in `kopek up`, for programs that knew it there.',
    fallback: '8101',
    parse: parsePort,
  }),
  stateMachinePort: processPort('STATE_MACHINE_PORT', 'state-machine', '50311'),
  saverPort: processPort('SAVER_PORT', 'saver', '50312'),
  processorPort: processPort('PROCESSOR_PORT', 'processor', '50313'),
  notifierPort: processPort('NOTIFIER_PORT', 'notifier', '50314'),
} as const;
