export type { ServiceOptions } from './alone.ts';
export {
  killService,
  pauseService,
  restartService,
  resumeService,
  type StopOptions,
  stopService,
} from './end-service.ts';
export { type Handshake, shakeHands } from './handshake.ts';
export { type Command, type KafkaTool, kafkaToolCommand } from './kafka-tool.ts';
export { readServices, type ServiceRecord, type Services } from './record.ts';
export { SERVICE_NAMES, ServiceFault, type ServiceName } from './service.ts';
export { isUp, type Started, type StartOptions, startService } from './start-service.ts';
