/** Give static HTML what only a script can: nothing yet. Returns a function that takes it away. */
export function enhance(_element: HTMLElement): () => void {
  return () => undefined;
}
