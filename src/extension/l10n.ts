/**
 * The texts that a person reads, in their language. Most of what puts them together knows no editor, so that it is tested
 * without one: it asks here, and `l10n-host.ts` puts the editor's translations behind it, once in each bundle.
 *
 * The first argument is always a literal: `npm run l10n` collects them for translators. Numbers and names are placed into it as
 * `{0}`, `{1}`, …; one and many are two sentences, never a sentence with an "s" put after a word.
 */
export type TranslationArgument = string | number | boolean;
type Translate = (message: string, ...values: TranslationArgument[]) => string;

let translate: Translate = inEnglish;

export const l10n = {
  t: (message: string, ...values: TranslationArgument[]): string => translate(message, ...values),
};

export function useTranslations(of: Translate): void {
  translate = of;
}

function inEnglish(message: string, ...values: TranslationArgument[]): string {
  return message.replace(/\{(\d+)\}/g, (placeholder, index: string) => String(values[Number(index)] ?? placeholder));
}
