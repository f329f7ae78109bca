import * as parse from './parsers.ts';
import { setting } from './setting.ts';

/** Of the outside world that `kopek up` starts beside itself. */
export const simulatorSettings = {
  operatorSimulator: setting({
    name: 'KOPEK_OPERATOR_SIMULATOR',
    kind: 'on or off',
    sentence: 'Whether `kopek up` starts the simulator of the mobile operator.',
    fallback: 'on',
    parse: parse.parseSwitch,
  }),
  operatorSimulatorPort: setting({
    name: 'OPERATOR_SIMULATOR_PORT',
    kind: 'port',
    sentence: "Port of the operator's simulator and of its phone.",
    fallback: '50306',
    parse: parse.parsePort,
  }),
  erpSimulator: setting({
    name: 'KOPEK_ERP_SIMULATOR',
    kind: 'on or off',
    sentence: 'Whether `kopek up` starts the simulator of the ERP that pays out.',
    fallback: 'on',
    parse: parse.parseSwitch,
  }),
  erpSimulatorPort: setting({
    name: 'ERP_SIMULATOR_PORT',
    kind: 'port',
    sentence: "Port of the ERP's simulator: its book, and its controls.",
    fallback: '50316',
    parse: parse.parsePort,
  }),
  smsSimulator: setting({
    name: 'KOPEK_SMS_SIMULATOR',
    kind: 'on or off',
    sentence: 'Whether `kopek up` starts the simulator of SMS providers.',
    fallback: 'on',
    parse: parse.parseSwitch,
  }),
  smsSimulatorPort: setting({
    name: 'SMS_SIMULATOR_PORT',
    kind: 'port',
    sentence: 'Port of the simulator of SMS providers: their APIs, the handsets, and its controls.',
    fallback: '50318',
    parse: parse.parsePort,
  }),
  cardSimulator: setting({
    name: 'KOPEK_CARD_SIMULATOR',
    kind: 'on or off',
    sentence: 'Whether `kopek up` starts the simulator of a card gateway.',
    fallback: 'on',
    parse: parse.parseSwitch,
  }),
  cardSimulatorPort: setting({
    name: 'CARD_SIMULATOR_PORT',
    kind: 'port',
    sentence: 'Port of the simulator of a card gateway: its API, its widget and its controls.',
    fallback: '50320',
    parse: parse.parsePort,
  }),
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
