/** What a command's exit tells a script. 4 (refused) comes with what needs it. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Bad usage, or bad settings. */
  usage: 2,
  notFound: 3,
  /** Books that should be equal are not. */
  booksDisagree: 5,
  /** Something is not there just now: the same command may do later. */
  temporary: 75,
} as const;
