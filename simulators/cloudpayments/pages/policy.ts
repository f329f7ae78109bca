import { escapeHtml, type Reply } from '#simulators/kit';

const basis =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; " +
  "img-src data:; base-uri 'none'";

/** A page that stands in the frame of a merchant's page, whoever that is. */
export function framedPage(content: {
  readonly status?: number;
  readonly title: string;
  readonly language: string;
  readonly main: string;
  /** Of `body`, as HTML. */
  readonly attributes?: string;
  /** Forms go to any merchant's address; otherwise only here. */
  readonly sendsAnywhere?: true;
}): Reply {
  const { attributes = '', language, main, sendsAnywhere, status = 200, title } = content;
  const body = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/widget.css">
<script src="/widget.js" defer></script>
</head>
<body${attributes === '' ? '' : ` ${attributes}`}>
${main}
</body>
</html>
`;
  const policy = sendsAnywhere ? basis : `${basis}; form-action 'self'`;
  const headers = {
    ...{ 'content-security-policy': policy, 'x-content-type-options': 'nosniff' },
    ...{ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' },
  };
  return { status, type: 'text/html; charset=utf-8', body, headers };
}
