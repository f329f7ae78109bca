/**
 * What callers ask for: read, with its texts and their variables, taken once, written down with what the rules
 * say of it, and read again.
 */

export { registerSenderRoutes, registerSmsRoutes, type SmsRoutesOptions } from './http.ts';
export { registerTextRoutes } from './http-texts.ts';
export { type Asked, createIntake, type Intake } from './intake.ts';
export { segmentsOf, unstorableIn } from './message-text.ts';
export { type Draft, registerMessages } from './register-messages.ts';
