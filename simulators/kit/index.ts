export { Agenda } from './agenda.ts';
export { chance } from './chance.ts';
export { Delays } from './delays.ts';
export * from './fields.ts';
export { Journal } from './journal.ts';
export { openJournalFile } from './journal-file.ts';
export { Gate, SlidingSecond } from './rate.ts';
export * from './settings.ts';
