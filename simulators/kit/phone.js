// Renews the live parts of a phone's page and sends its forms without leaving it.
const phone = document.querySelector('[data-live]');
const pollMs = 1000;

if (phone !== null) {
  const messages = phone.querySelector('[data-part=messages]');
  messages.scrollTop = messages.scrollHeight;
  phone.addEventListener('submit', submit);
  setInterval(() => document.hidden || refresh(), pollMs);
}

let isAsking = false;

async function refresh() {
  if (isAsking) return;
  isAsking = true;
  try {
    const answer = await fetch(`${phone.dataset.live}?revision=${phone.dataset.revision}`);
    phone.classList.toggle('offline', !answer.ok);
    if (answer.ok) show(await answer.json());
  } catch {
    phone.classList.add('offline');
  } finally {
    isAsking = false;
  }
}

function show({ parts, revision }) {
  phone.dataset.revision = revision;
  for (const [name, html] of Object.entries(parts ?? {})) {
    const part = phone.querySelector(`[data-part=${name}]`);
    // Who reads older messages is not pulled away from them.
    const isAtEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 60;
    part.innerHTML = html;
    if (name === 'messages' && isAtEnd) part.scrollTop = part.scrollHeight;
  }
}

async function submit(event) {
  const form = event.target;
  if (!form.matches('[data-send]')) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const answer = await fetch(form.action, { method: 'POST', body }).catch(() => undefined);
  const isTaken = answer?.ok === true;
  const problem = phone.querySelector('[data-problem]');
  if (problem !== null) {
    const told = isTaken ? undefined : await answer?.json().catch(() => undefined);
    problem.textContent = told?.error ?? 'No connection to the simulator';
    problem.hidden = isTaken;
  } else if (!isTaken) phone.classList.add('offline');
  if (!isTaken) return;
  const text = form.querySelector('input[name=text]:not([type=hidden])');
  if (text !== null) text.value = '';
  await refresh();
}
