// Who is told that something has changed: each once per frame, however much has.

const listeners = new Map();
const due = new Set();

/** Calls `render` after any of these subjects has changed, once for many changes. */
export function on(subjects, render) {
  for (const subject of subjects) listeners.set(subject, [...(listeners.get(subject) ?? []), render]);
}

/** Says that subjects have changed. */
export function changed(...subjects) {
  // A browser draws a frame at a time: whatever comes in between would be work that nobody sees.
  if (due.size === 0) requestAnimationFrame(draw);
  for (const subject of subjects) due.add(subject);
}

function draw() {
  const renders = new Set([...due].flatMap((subject) => listeners.get(subject) ?? []));
  due.clear();
  for (const render of renders) {
    // One part that fails is told of, and takes no other with it.
    try {
      render();
    } catch (error) {
      reportError(error);
    }
  }
}

/** Resolves when what has changed is on the page. */
export const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
