/** What a command's exit tells a script. 4 and 5 (refused, books disagree) come with what needs them. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Bad usage, or bad settings. */
  usage: 2,
  notFound: 3,
  /** Something is not there just now: the same command may do later. */
  temporary: 75,
} as const;
