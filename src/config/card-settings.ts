import { processPort, setting } from './declare.ts';
import * as parse from './parsers.ts';

/** Of payments by card, and of their intake through a log. */
export const CARD_SETTINGS = {
  paymentsApiPort: setting({
    name: 'PAYMENTS_API_PORT',
    kind: 'port',
    sentence:
      'Port of payments-api: its own when it runs apart, and beside the site in `kopek up`, for programs that knew it there.',
    fallback: '8101',
    parse: parse.parsePort,
  }),
  stateMachinePort: processPort('STATE_MACHINE_PORT', 'state-machine', '50311'),
  saverPort: processPort('SAVER_PORT', 'saver', '50312'),
  processorPort: processPort('PROCESSOR_PORT', 'processor', '50313'),
  notifierPort: processPort('NOTIFIER_PORT', 'notifier', '50314'),
  processingSimulator: setting({
    name: 'KOPEK_PROCESSING_SIMULATOR',
    kind: 'on or off',
    sentence: 'Whether `kopek up` starts the simulator of the service `processing`.',
    fallback: 'on',
    parse: parse.parseSwitch,
  }),
  processingSimulatorPort: setting({
    name: 'PROCESSING_SIMULATOR_PORT',
    kind: 'port',
    sentence:
      'Port of the simulator of `processing`: what it executes, its book, and its controls.',
    fallback: '5001',
    parse: parse.parsePort,
  }),
} as const;
