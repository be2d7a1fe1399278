/** The part of Nunjucks that reads templates. Its own types cover the compiler and the renderer only. */
declare module 'nunjucks/src/parser' {
  export interface NunjucksNode {
    readonly typename: string;
    /** 0-based, as is `colno`. */
    readonly lineno: number;
    readonly colno: number;
    readonly [field: string]: unknown;
  }

  /** Throws on a syntax error; `lineno` and `colno` of the error are 1-based, and absent for errors of the lexer. */
  export function parse(source: string): NunjucksNode;
}
