import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStop } from './stop-words.ts';

test('people say STOP in many ways, and all of them count', () => {
  const ways = [
    ...['STOP', 'stop', ' Stop! ', 'S.T.O.P.', '"stop"', 'stop music', 'STOP ALL', 'stopall'],
    ...[
      'Stop.',
      'stop\n\nsent from my phone',
      'UNSUB',
      'unsubscribe, please',
      'OFF',
      'End',
      'quit',
    ],
    ...['cancel', 'СТОП', 'Стоп!', 'stop\u0000', '🛑 STOP', 'STOP\ufffd'],
    ...[
      'revoke',
      'opt out',
      'Opt-Out, please',
      'opt out please',
      'Отписка',
      'отписаться',
      'ARRET',
      'arrêt',
    ],
  ];
  for (const text of ways) assert.ok(isStop(text), JSON.stringify(text));
});

test('what only holds such a word is none', () => {
  const others = [
    ...[
      '',
      ' ',
      'hello',
      'do not stop',
      'nonstop',
      'stopwatch',
      'offer',
      'the end',
      'ending',
      '7787',
    ],
    ...['please stop', 'endless', 'cancelled', 'opt', 'out', 'opting out of luck', 'отписал'],
  ];
  for (const text of others) assert.ok(!isStop(text), JSON.stringify(text));
});
