/** Of a request's body, unless its route says otherwise. */
export const BODY_BYTES_MAX = 64 * 1024;
export const FORM_BYTES_MAX = 16 * 1024;
export const FORM_FIELDS_MAX = 100;
/** All headers of a request together. */
export const HEADER_BYTES_MAX = 16 * 1024;
/** Of one part of a path: signed tokens are longer than the 100 letters that Fastify allows. */
export const PATH_PART_LENGTH_MAX = 1024;
/** For a client to send its whole request. */
export const REQUEST_TIMEOUT_MS = 30_000;
export const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than load balancers keep theirs (60 s), so that they never send into a connection we just closed. */
export const KEEP_ALIVE_TIMEOUT_MS = 72_000;
export const CONNECTIONS_MAX = 10_000;
/** What is still open then is cut, so that a stop ends within five seconds. */
export const CLOSE_PATIENCE_MS = 3500;
export const READY_CHECK_TIMEOUT_MS = 2000;
/** Of one answer: the rest of them would not help anybody. */
export const FAULTS_MAX = 20;
export const PAGE_ITEMS_DEFAULT = 50;
export const PAGE_ITEMS_MAX = 200;
export const CURSOR_LENGTH_MAX = 512;
