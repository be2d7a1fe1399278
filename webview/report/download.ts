/** Saves a file out of the page, without anything that could be asked for one. */
const TYPES = { png: 'image/png', csv: 'text/csv', json: 'application/json' };

/** @param data text; of a picture base64 */
export function download(name: string, kind: keyof typeof TYPES, data: string): void {
  const content = kind === 'png' ? Uint8Array.from(atob(data), (unit) => unit.charCodeAt(0)) : data;
  const url = URL.createObjectURL(new Blob([content], { type: TYPES[kind] }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${fileName(name)}.${kind}`;
  link.click();
  // Some browsers begin to read it only after this task.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A name is made of titles of the file and the run: nothing of them may be a path. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|[.-]+$/g, '');
  return safe === '' ? 'promptrig' : safe.slice(0, 100);
}
