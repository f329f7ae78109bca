import { startYooKassaSimulator } from '#simulators/yookassa';
import { describeCardHouse } from './describe-card-house.ts';
import { yooKassaOutside } from './psp-outside.ts';

describeCardHouse(yooKassaOutside({ start: startYooKassaSimulator }));
