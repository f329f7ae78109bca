export { type Handshake, shakeHands } from './handshake.ts';
export {
  isUp,
  killService,
  pauseService,
  restartService,
  resumeService,
  type ServiceOptions,
  type Started,
  type StartOptions,
  type StopOptions,
  startService,
  stopService,
} from './lifecycle.ts';
export { readServices, type ServiceRecord, type Services } from './record.ts';
export { SERVICE_NAMES, ServiceFault, type ServiceName } from './service.ts';
