/** Entry of the bundle with the language features; see `load.ts`. */
import { doctorFile, readDoctor } from '../../core/doctor/cache';
import { describeMachine } from '../../core/doctor/machine';
import { ceilingFindings } from '../../core/language/ceiling';
import { completionsAt } from '../../core/language/completions';
import { addCase } from '../../core/language/convert/add-case';
import { answerChoices, caseOfAnswer, caseOfSelection, promptVariables } from '../../core/language/convert/new-case';
import { requestToEval } from '../../core/language/convert/request-to-eval';
import { columnsOf } from '../../core/language/dataset-columns';
import { definitionAt } from '../../core/language/definition';
import { foldingOf } from '../../core/language/folding';
import { hoverAt } from '../../core/language/hover';
import { LanguageDocument } from '../../core/language/language-document';
import { linksOf } from '../../core/language/links';
import { referencesAt, renameAt, renameTargetAt } from '../../core/language/rename';
import { findingsWithFiles } from '../../core/language/semantics/with-files';
import { symbolsOf } from '../../core/language/symbols';

export const language = {
  LanguageDocument,
  addCase,
  answerChoices,
  caseOfAnswer,
  caseOfSelection,
  ceilingFindings,
  columnsOf,
  completionsAt,
  definitionAt,
  describeMachine,
  doctorFile,
  findingsWithFiles,
  foldingOf,
  hoverAt,
  linksOf,
  promptVariables,
  readDoctor,
  referencesAt,
  renameAt,
  renameTargetAt,
  requestToEval,
  symbolsOf,
};

export type LanguageBundle = typeof language;
