import { createStylesheet } from '#http';

/** One look for what a customer sees of his subscriptions: the console's colours, in the size of a thumb. */
export const sheet = createStylesheet(`
:root{color-scheme:light dark;--page:#fff;--panel:#f6f7f9;--card:#fff;--text:#1a1d21;--dim:#5a626b;--line:#d9dde2;--edge:#7f8790;--info:#0b5cad;--info-t:#e7f1fc;--ok:#1b6b34;--ok-t:#e6f6ea;--warn:#7a4b00;--warn-t:#fff3d6;--bad:#a61b1b;--bad-t:#fde8e8;--idle:#4a5058;--idle-t:#eef0f2;--on:#fff;--lift:0 1px 2px rgb(16 24 32/.05),0 6px 20px rgb(16 24 32/.06)}
@media(prefers-color-scheme:dark){:root{--page:#15181c;--panel:#101316;--card:#1d2126;--text:#e8ebee;--dim:#a6adb5;--line:#333a41;--edge:#6d757e;--info:#84c1ff;--info-t:#0f2c4a;--ok:#7be39a;--ok-t:#12351f;--warn:#ffc95c;--warn-t:#3a2a05;--bad:#ff9a94;--bad-t:#431414;--idle:#c4cad1;--idle-t:#2a2e33;--on:#15181c;--lift:none}}
*{box-sizing:border-box}
html{background:var(--panel)}
body{margin:0;min-height:100vh;background:var(--panel);color:var(--text);font:17px/1.5 system-ui,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
.bar{background:var(--page);border-bottom:1px solid var(--line)}
.bar>div{max-width:34rem;margin:0 auto;padding:0 1rem;display:flex;flex-wrap:wrap;align-items:center;column-gap:1rem}
body.wide .bar>div{max-width:60rem}
.bar nav{display:flex;gap:1rem;flex:1;min-width:0;order:2;flex-basis:100%}
.bar nav a{padding:.625rem 0;font-size:1rem;color:var(--dim);text-decoration:none;border-bottom:2px solid transparent;white-space:nowrap}
.bar nav a[aria-current]{color:var(--text);font-weight:600;border-color:var(--info)}
.bar .who{color:var(--dim);font-size:.9375rem;flex:1}
.bar form{margin:0;order:1}
.bar button{width:auto;min-height:44px;border:0;padding:0 0 0 .5rem;background:none;color:var(--info);font-size:.9375rem;font-weight:400}
main{max-width:34rem;margin:0 auto;padding:clamp(1.25rem,4vh,3rem) 1rem 3rem}
body.wide main{max-width:60rem}
h1{font-size:clamp(1.5rem,6vw,2rem);line-height:1.2;letter-spacing:-.015em;margin:0 0 .375rem;text-wrap:balance}
h1+.card,h1+form,.row+.card{margin-top:1.125rem}.card>h1{margin-bottom:.75rem}
h2{font-size:1.0625rem;line-height:1.35;margin:1.75rem 0 .75rem}
p{margin:0 0 .75rem}
a{color:var(--info)}
.dim{color:var(--dim)}.small{font-size:.9375rem}
.lead{color:var(--dim);font-size:1.0625rem;margin-bottom:1.25rem}
.back{display:inline-block;padding:.25rem 0;margin-bottom:.5rem;text-decoration:none;font-size:.9375rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.125rem;margin:0 0 1rem;box-shadow:var(--lift)}
.card>:last-child,form>:last-child{margin-bottom:0}
.card h2,.card h3{margin:0;font-size:1.125rem}
.row{display:flex;gap:.5rem .75rem;align-items:center;flex-wrap:wrap;margin-bottom:.625rem}.grow{flex:1;min-width:0}
.chip{display:inline-flex;align-items:center;gap:.375rem;padding:.0625rem .5625rem;border-radius:6px;font-size:.8125rem;font-weight:600;white-space:nowrap;color:var(--idle);background:var(--idle-t)}
.chip:before{content:"";width:.4375rem;height:.4375rem;border-radius:50%;background:currentcolor}
.chip.ok{color:var(--ok);background:var(--ok-t)}.chip.warn{color:var(--warn);background:var(--warn-t)}.chip.bad{color:var(--bad);background:var(--bad-t)}.chip.info{color:var(--info);background:var(--info-t)}
.price{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .5rem;font-size:1.875rem;font-weight:700;line-height:1.2;letter-spacing:-.02em;margin:0 0 .125rem}
.price small{font-size:1rem;font-weight:400;letter-spacing:0;color:var(--dim);white-space:nowrap}
.price+dl,.price+p{margin-top:.75rem}
dl{margin:0 0 1rem}
dl>div{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.125rem 1rem;padding:.625rem 0;border-bottom:1px solid var(--line)}
dl+dl{border-top:1px solid var(--line);padding-top:.625rem}dl:has(+dl){margin-bottom:.625rem}dl>div:first-child{padding-top:0}dl>div:last-child{border:0;padding-bottom:0}
dt{color:var(--dim);max-width:100%}dd{margin:0 0 0 auto;font-weight:600;text-align:right;min-width:0}
dt small,dd small{display:block;font-weight:400;color:var(--dim);font-size:.9375rem}
dl .sum dt,dl .sum dd{color:var(--text);font-size:1.1875rem;font-weight:700}
label{display:block;font-weight:600;margin-bottom:.375rem}
input:not([type=checkbox],[type=radio],[type=hidden]),select{width:100%;min-height:50px;padding:.5rem .875rem;border:1px solid var(--edge);border-radius:8px;background:var(--page);color:inherit;font:inherit;font-size:1.125rem}
input[aria-invalid]{border-color:var(--bad);border-width:2px}
.pin{text-align:center;letter-spacing:.4em;font-size:1.625rem}
.tick{display:flex;gap:.75rem;align-items:flex-start;font-weight:400;margin:0 0 1rem;cursor:pointer;font-size:.9375rem;line-height:1.45}
.tick input{flex:none;width:1.375rem;height:1.375rem;margin:0;accent-color:var(--info)}
.hint{color:var(--dim);font-size:.9375rem;margin:.5rem 0 1rem}
.fault{color:var(--bad);font-weight:600;margin:.5rem 0 0}
button,.button{display:block;width:100%;min-height:50px;padding:.625rem 1rem;border:1px solid var(--edge);border-radius:8px;background:var(--page);color:var(--text);font:inherit;font-weight:600;line-height:1.6;text-align:center;text-decoration:none;cursor:pointer}
button:hover,.button:hover{background:var(--panel)}
.main,.main:hover{background:var(--info);border-color:var(--info);color:var(--on)}.main:hover{filter:brightness(1.1)}
.stop{color:var(--bad);border-color:var(--bad)}
button[disabled]{opacity:.6;cursor:progress}
.actions{display:grid;gap:.625rem;margin-top:1rem}
#pay+p{margin-top:.875rem}.actions form{margin:0}.actions+*{margin-top:.875rem}
.card h2+p,.card .row+.price{margin-top:.375rem}.card h2+dl{margin-top:.75rem}
:focus-visible{outline:3px solid var(--info);outline-offset:2px}
.notice{border-radius:10px;padding:.75rem 1rem;margin:0 0 1rem;background:var(--info-t);color:var(--info);font-weight:600}
.notice.ok{background:var(--ok-t);color:var(--ok)}.notice.warn{background:var(--warn-t);color:var(--warn)}.notice.bad{background:var(--bad-t);color:var(--bad)}
.mark{width:52px;height:52px;border-radius:50%;display:grid;place-items:center;font-size:1.625rem;font-weight:700;background:var(--idle-t);color:var(--idle);margin-bottom:1rem}
.mark.ok{background:var(--ok-t);color:var(--ok)}.mark.warn{background:var(--warn-t);color:var(--warn)}.mark.bad{background:var(--bad-t);color:var(--bad)}.mark.info{background:var(--info-t);color:var(--info)}
.text{white-space:pre-line;overflow-wrap:anywhere}
details{margin:0 0 1rem}summary{cursor:pointer;padding:.375rem 0;color:var(--info)}details .text{color:var(--dim);font-size:.9375rem}
.list{list-style:none;margin:0;padding:0}
.list>li{padding:.75rem 0;border-bottom:1px solid var(--line)}.list>li:first-child{padding-top:0}.list>li:last-child{border:0;padding-bottom:0}
.line{display:flex;justify-content:space-between;gap:.125rem 1rem;flex-wrap:wrap;color:inherit;text-decoration:none}
.line>:last-child{margin-left:auto}.line b{white-space:nowrap;font-weight:600}.line .back-money{color:var(--ok)}
.plans{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));margin:1.5rem 0}
.plans .card{display:flex;flex-direction:column;margin:0;padding:1.5rem}.plans form{margin-top:auto;padding-top:1rem}
.plans ul{margin:.75rem 0 0;padding-left:1.125rem;color:var(--dim);font-size:.9375rem}
.foot{color:var(--dim);font-size:.875rem;margin-top:1.5rem}
footer{max-width:34rem;margin:0 auto;padding:0 1rem 2rem}body.wide footer{max-width:60rem}
footer nav{display:flex;flex-wrap:wrap;gap:0 1rem;font-size:.9375rem;color:var(--dim)}footer nav>*{display:inline-flex;align-items:center;min-height:44px}
@media print{:root{color-scheme:light;--page:#fff;--panel:#fff;--card:#fff;--text:#000;--dim:#444;--line:#bbb;--info:#000;--ok:#000;--ok-t:#fff;--lift:none}.bar,.back,footer,.actions,.screen,button,.button{display:none}main{padding:0;max-width:none}.card{break-inside:avoid}a{color:inherit;text-decoration:none}}
@media(min-width:34rem){.bar nav{order:0;flex-basis:auto}.bar .who{flex:0 0 auto}}
`);
