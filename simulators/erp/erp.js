// Renews the live parts of the book and sends its forms without leaving it.
const body = document.body;
const pollMs = 1000;
let isAsking = false;

setInterval(() => document.hidden || refresh(), pollMs);
body.addEventListener('submit', submit);

async function refresh() {
  if (isAsking) return;
  isAsking = true;
  try {
    const answer = await fetch(`${body.dataset.live}?revision=${body.dataset.revision}`);
    body.classList.toggle('offline', !answer.ok);
    if (answer.ok) show(await answer.json());
  } catch {
    body.classList.add('offline');
  } finally {
    isAsking = false;
  }
}

function show({ revision, parts }) {
  body.dataset.revision = revision;
  for (const [name, html] of Object.entries(parts ?? {})) {
    body.querySelector(`[data-part=${name}]`).innerHTML = html;
  }
}

async function submit(event) {
  if (!event.target.matches('[data-send]')) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(event.target));
  const answer = await fetch(event.target.action, { method: 'POST', body: fields }).catch(() => {});
  body.classList.toggle('offline', answer === undefined);
  await refresh();
}
