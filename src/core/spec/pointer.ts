/** JSON pointers (RFC 6901): how diagnostics, results and the outline name a node of a file. */

export function childPointer(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys of a pointer, unescaped; none for the root. */
export function pointerKeys(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of the containing node; the root contains itself. */
export function parentPointer(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

/**
 * The pointers at which a node may stand in the file, the most exact first. A case that expands, and a row of a dataset, have
 * a number in their pointer (`/cases/0#2/assert/1`, `/dataset#12/assert/0`) that no node of the file has.
 */
export function writtenPointers(pointer: string): string[] {
  const plain = pointer.replace(/(?:#\d+)+(?=\/|$)/, '');
  const owner = pointer.replace(/#\d+(?:#\d+)*(?:\/.*)?$/, '');
  return [...new Set([pointer, plain, owner])];
}

/** Whether `pointer` is `ancestor` or lies inside it. */
export function isWithin(pointer: string, ancestor: string): boolean {
  return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}
