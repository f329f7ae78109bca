import type { english } from './english.ts';
import { russianCabinet } from './russian-cabinet.ts';
import { russianDoors } from './russian-doors.ts';
import { russianLanding } from './russian-landing.ts';
import { russianMoney } from './russian-money.ts';
import { russianPay } from './russian-pay.ts';
import type { RussianCategory, TranslationOf } from './translation.ts';

export const russian: TranslationOf<typeof english, RussianCategory> = {
  ...{ ...russianDoors, ...russianCabinet, ...russianLanding },
  ...{ ...russianMoney, ...russianPay },
};
