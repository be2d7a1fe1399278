import { l10n } from '../l10n';

/** What tells the models that the editor offers apart. */
export interface OfferedModel {
  id: string;
  vendor: string;
  family: string;
}

/**
 * The model that an eval file means by `model`: an id, else `vendor/id`, `vendor/family` or a family; the first where several
 * fit. Null where none does.
 */
export function chooseModel<M extends OfferedModel>(models: readonly M[], wanted: string): M | null {
  const names: ((model: M) => string)[] = [
    ({ id }) => id,
    ({ vendor, id }) => `${vendor}/${id}`,
    ({ vendor, family }) => `${vendor}/${family}`,
    ({ family }) => family,
  ];
  for (const nameOf of names) {
    const found = models.find((model) => nameOf(model) === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

/** How the models on offer can be named, for a message. */
export function namesOf(models: readonly OfferedModel[], most = 8): string {
  const names = [...new Set(models.map(({ vendor, id }) => `${vendor}/${id}`))];
  return names.slice(0, most).join(', ') + (names.length > most ? l10n.t(', and {0} more', names.length - most) : '');
}
