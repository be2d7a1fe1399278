/**
 * Entry of the parsers of XML, HTML and SQL, a bundle of its own (`dist/parsers.js`): the grammars of the SQL dialects are
 * larger than the engine, and most runs do without them.
 */
import { htmlProblem } from '../core/quality/formats/html';
import { sqlProblem, sqlUses } from '../core/quality/formats/sql';
import { xmlMissing, xmlProblem } from '../core/quality/formats/xml';
import type { Parsers } from '../core/quality/types';

export const parsers: Parsers = { htmlProblem, sqlProblem, sqlUses, xmlMissing, xmlProblem };
