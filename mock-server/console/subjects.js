// Notifies listeners of changes, each at most once per frame.

const listeners = new Map();
const due = new Set();

/** Calls `render` after a change of any of these subjects, once for many changes. */
export function on(subjects, render) {
  for (const subject of subjects) listeners.set(subject, [...(listeners.get(subject) ?? []), render]);
}

/** Reports changed subjects. */
export function changed(...subjects) {
  // Rendering more often than once per frame would be wasted.
  if (due.size === 0) requestAnimationFrame(draw);
  for (const subject of subjects) due.add(subject);
}

function draw() {
  const renders = new Set([...due].flatMap((subject) => listeners.get(subject) ?? []));
  due.clear();
  for (const render of renders) {
    // Reports a failing part and still runs the others.
    try {
      render();
    } catch (error) {
      reportError(error);
    }
  }
}

/** Resolves when all changes are on the page. */
export const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
