/** The YAML library's parser in steps; what it finds is what its own `parseDocument` would. */
import {
  Composer,
  Lexer,
  Parser,
  YAMLParseError,
  type CST,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import type { Work } from '../util/work';

/** Lexemes between two looks at the clock; together they take a fraction of a millisecond. */
const LEXEMES_A_STEP = 128;

export type YamlOptions = ParseOptions & DocumentOptions & SchemaOptions & { prettyErrors: false };

/** The first document of a text; that there are more is one of its errors. */
export function* composeYaml(source: string, options: YamlOptions): Work<Document.Parsed> {
  const parser = new Parser();
  const composer = new Composer(options);
  let first: Document.Parsed | undefined;
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) {
      const second = yield* compose(token);
      if (second !== undefined) return second;
    }
    if (++lexemes % LEXEMES_A_STEP === 0) yield 'short';
  }
  for (const token of parser.end()) {
    const second = yield* compose(token);
    if (second !== undefined) return second;
  }
  for (const document of composer.end(true, source.length)) {
    const second = take(document);
    if (second !== undefined) return second;
  }
  // With its first argument `end` gives a document even of an empty text.
  if (first === undefined) throw new Error('The YAML library gave no document.');
  return first;

  function* compose(token: CST.Token): Work<Document.Parsed | undefined> {
    // The nodes of a whole document are made of this one token.
    if (token.type === 'document') yield 'long';
    for (const document of composer.next(token)) {
      const done = take(document);
      if (done !== undefined) return done;
    }
    return undefined;
  }

  /** The first document once there is a second, of which nothing is read. */
  function take(document: Document.Parsed): Document.Parsed | undefined {
    if (first === undefined) {
      first = document;
      return undefined;
    }
    const [start, end] = document.range;
    const message = 'Source contains multiple documents; please use YAML.parseAllDocuments()';
    first.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', message));
    return first;
  }
}
