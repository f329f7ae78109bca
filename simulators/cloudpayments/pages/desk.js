// Renews the live parts of the page and sends its forms without leaving it.
const body = document.body;
const pollMs = 1000;
let isAsking = false;

setInterval(() => document.hidden || refresh(), pollMs);
body.addEventListener('submit', submit);
body.addEventListener('click', clear);

async function refresh() {
  if (isAsking) return;
  isAsking = true;
  const { live, revision } = body.dataset;
  try {
    const joint = live.includes('?') ? '&' : '?';
    const answer = await fetch(`${live}${joint}revision=${revision}`);
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
  const form = event.target;
  if (!form.matches('[data-send]')) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: 'POST', body: fields }).catch(() => {});
  body.classList.toggle('offline', answer === undefined);
  const line = form.querySelector('[data-problem]');
  if (line) {
    line.hidden = answer?.ok !== false;
    line.textContent = answer?.ok === false ? (await answer.json()).error : '';
  }
  await refresh();
}

async function clear({ target }) {
  const path = target.dataset?.clear;
  if (!path) return;
  await fetch(path, { method: 'DELETE' }).catch(() => {});
  await refresh();
}
