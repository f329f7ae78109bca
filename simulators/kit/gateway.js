// Draws the part of the page that lives again every two seconds, while somebody looks at it. Without it: reload.
const everyMs = 2000;

async function refresh() {
  const live = document.querySelector('[data-live]');
  if (!live || document.hidden) return;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) return;
  const next = new DOMParser()
    .parseFromString(await answer.text(), 'text/html')
    .querySelector('[data-live]');
  if (next && next.innerHTML !== live.innerHTML) live.innerHTML = next.innerHTML;
}

setInterval(() => refresh().catch(() => undefined), everyMs);
