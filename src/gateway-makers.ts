import type { Clock } from '#clock';
import {
  createProcessing,
  type GatewayMakers,
  type ProcessingAccount,
  ProcessingSecrets,
  ProcessingSettings,
} from '#payments';

/** The kinds of card gateways that there are adapters for. */
export function createGatewayMakers(clock: Clock): GatewayMakers {
  return {
    processing: {
      settings: ProcessingSettings,
      secrets: ProcessingSecrets,
      make: ({ name, settings }) =>
        // The schema above has been held against it.
        createProcessing({ settings: settings as ProcessingAccount['settings'] }, { name, clock }),
    },
  };
}
