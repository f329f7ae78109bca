import { createStylesheet, type Html, html, type Page, pagePolicy } from '#http';

/** What stands inside the frame. */
export interface PageParts {
  readonly title: string;
  /** BCP 47, such as `en`. */
  readonly locale: string;
  readonly body: Html;
  /** The same page in other languages, where it can be opened again. */
  readonly languages?: Html | undefined;
}

const sheet = createStylesheet(`
:root{color-scheme:light dark;--page:#f3f5f8;--card:#fff;--text:#1a1d21;--dim:#545c65;--line:#d9dde2;--edge:#7f8790;--accent:#0b5cad;--glow:#dbeafb;--on:#fff;--bad:#a61b1b;--bad-soft:#fde8e8;--ok:#1b6b34;--ok-soft:#e0f4e6;--warn:#7a4b00;--warn-soft:#fff3d6}
@media(prefers-color-scheme:dark){:root{--page:#111418;--card:#1b1f24;--text:#e8ebee;--dim:#a6adb5;--line:#333a41;--edge:#6d757e;--accent:#84c1ff;--glow:#12304f;--on:#0e1114;--bad:#ff9a94;--bad-soft:#431414;--ok:#7be39a;--ok-soft:#12351f;--warn:#ffc95c;--warn-soft:#3a2a05}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:radial-gradient(60rem 26rem at 50% -8rem,var(--glow),transparent) no-repeat var(--page);color:var(--text);font:17px/1.5 system-ui,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:30rem;margin:0 auto;padding:clamp(1.5rem,6vh,4.5rem) 1rem 2.5rem}
h1{font-size:clamp(1.75rem,7vw,2.25rem);line-height:1.15;letter-spacing:-.02em;margin:.25rem 0 1rem;text-wrap:balance}
h2{font-size:1.0625rem;margin:0 0 .5rem}
p{margin:0 0 .75rem;overflow-wrap:anywhere}
a{color:var(--accent)}
.eyebrow{color:var(--accent);font-weight:600;margin:0}
.lead{font-size:1.125rem;color:var(--dim);white-space:pre-line;margin-bottom:1.25rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:16px;padding:1.25rem;margin:0 0 1rem;box-shadow:0 8px 30px rgb(0 0 0/.06)}
.card>:last-child,form>:last-child{margin-bottom:0}
label{display:block;font-weight:600;margin-bottom:.375rem}
input{width:100%;min-height:52px;padding:.5rem .875rem;border:1px solid var(--edge);border-radius:12px;background:var(--page);color:inherit;font:inherit;font-size:1.1875rem;font-variant-numeric:tabular-nums}
input[aria-invalid]{border-color:var(--bad);border-width:2px}
.pin{font-size:1.75rem;letter-spacing:.4em;text-align:center}
.hint{color:var(--dim);font-size:.9375rem;margin:.5rem 0 1rem}
.fault{color:var(--bad);font-weight:600;margin:.5rem 0 0}
.number{font-size:1.375rem;font-weight:600;font-variant-numeric:tabular-nums;margin-bottom:1rem}
.price{font-size:1.1875rem;font-weight:700;margin:0 0 .125rem}
.renews{font-size:.9375rem;color:var(--dim);margin:0 0 .75rem}
button{width:100%;min-height:56px;padding:.625rem 1rem;border:0;border-radius:12px;background:var(--accent);color:var(--on);font:inherit;font-size:1.1875rem;font-weight:700;cursor:pointer}
button:hover{filter:brightness(1.08)}
button.plain{background:transparent;color:var(--accent);border:1px solid var(--edge);min-height:48px;font-size:1rem}
button.stop{background:var(--bad)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.how{font-weight:600;margin:.875rem 0 0}
.notice{border-radius:12px;padding:.75rem 1rem;margin:0 0 1rem;background:var(--warn-soft);color:var(--warn);font-weight:600}
.notice.bad{background:var(--bad-soft);color:var(--bad)}
.notice.ok{background:var(--ok-soft);color:var(--ok)}
.terms{font-size:.875rem;color:var(--dim);white-space:pre-line}
.text{white-space:pre-line;overflow-wrap:anywhere}
.mark{width:56px;height:56px;border-radius:50%;display:grid;place-items:center;font-size:1.75rem;font-weight:700;background:var(--ok-soft);color:var(--ok);margin-bottom:.75rem}
.mark.idle{background:var(--warn-soft);color:var(--warn)}
footer{max-width:30rem;margin:0 auto;padding:0 1rem 2rem;color:var(--dim)}footer nav>*{display:inline-block;padding:.625rem 1rem .625rem 0}
`);
const policy = pagePolicy({ style: [sheet.cspSource] });

/** The look of every page for people: no script, no image, nothing from elsewhere, light and dark. */
export function renderFrame({ title, locale, body, languages }: PageParts): Page {
  return {
    policy,
    html: html`<!doctype html>
<html lang="${locale}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
<title>${title}</title>${sheet.tag}</head>
<body><main>${body}</main>${languages}</body></html>`,
  };
}
