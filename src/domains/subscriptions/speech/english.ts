import { englishCabinet } from './english-cabinet.ts';
import { englishDoors } from './english-doors.ts';
import { englishLanding } from './english-landing.ts';
import { englishMoney } from './english-money.ts';
import { englishPay } from './english-pay.ts';

/** The language in which texts are written first: the others have exactly the same. */
export const english = {
  ...{ ...englishDoors, ...englishCabinet, ...englishLanding },
  ...{ ...englishMoney, ...englishPay },
} as const;
