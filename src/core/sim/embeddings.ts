import { bad, modelOf, parseBody } from './generation-request';
import { hash } from './random';
import { countTokens } from './tokenizer';

/** What the simulator uses of a request to `/v1/embeddings`. */
export interface EmbeddingsRequest {
  model: string;
  inputs: string[];
  dimensions: number;
  encoding: 'float' | 'base64';
  inputTokens: number;
}

export const DEFAULT_DIMENSIONS = 256;
const MOST_DIMENSIONS = 4096;
const MOST_INPUTS = 2048;

/**
 * Reads a request's body: `input` is a text or a list of texts, `dimensions` and `encoding_format` may be set.
 * @throws ApiError 400 that names the parameter.
 */
export function parseEmbeddingsRequest(json: string, defaultModel: string): EmbeddingsRequest {
  const body = parseBody(json);
  const { input } = body;
  const inputs: unknown[] = Array.isArray(input) ? input : [input];
  if (inputs.length === 0 || inputs.length > MOST_INPUTS) {
    throw bad(`'input' must hold from 1 to ${MOST_INPUTS} texts.`, 'input');
  }
  const texts = inputs.map((item) => {
    if (typeof item !== 'string') throw bad("'input' must be a text or a list of texts; tokens are not read.", 'input');
    return item;
  });
  const dimensions = body['dimensions'] ?? DEFAULT_DIMENSIONS;
  if (
    typeof dimensions !== 'number' ||
    !Number.isInteger(dimensions) ||
    dimensions < 1 ||
    dimensions > MOST_DIMENSIONS
  ) {
    throw bad(`'dimensions' must be a whole number from 1 to ${MOST_DIMENSIONS}.`, 'dimensions');
  }
  const encoding = body['encoding_format'] ?? 'float';
  if (encoding !== 'float' && encoding !== 'base64') {
    throw bad("'encoding_format' must be float or base64.", 'encoding_format');
  }
  return {
    model: modelOf(body, defaultModel),
    inputs: texts,
    dimensions,
    encoding,
    inputTokens: texts.reduce((sum, text) => sum + countTokens(text), 0),
  };
}

/**
 * A vector of length 1 that is the same for the same words: each word, and with the weight of one more all of its groups of three letters together,
 * adds to a place (with a sign) that its hash decides. So texts with the same words in another order are the same to it, texts that
 * share words are close, and texts that share none are nearly at right angles: feature hashing (Weinberger et al., 2009). It knows
 * nothing of meaning.
 */
export function embedText(text: string, dimensions: number): number[] {
  const vector = new Float64Array(dimensions);
  const add = (feature: string, weight: number): void => {
    const bits = hash(feature, 0);
    const at = bits % dimensions;
    // Another bit than those that decide the place, where the dimensions are a power of two.
    vector[at] = (vector[at] ?? 0) + (bits >>> 31 === 0 ? weight : -weight);
  };
  for (const word of text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []) {
    add(word, 1);
    const letters = `<${word}>`;
    const share = 1 / Math.sqrt(letters.length - 2);
    for (let i = 0; i + 3 <= letters.length; i++) add(letters.slice(i, i + 3), share);
  }
  let length = Math.hypot(...vector);
  // A text without words has a direction too: a cosine with nothing is no number.
  if (length === 0) {
    vector[0] = 1;
    length = 1;
  }
  return Array.from(vector, (value) => Math.round((value / length) * 1e6) / 1e6);
}

/** The body of the answer. `vectorOf` may know better for a text, as a script does. */
export function embeddingsBody(request: EmbeddingsRequest, vectorOf: (text: string) => number[] | null): string {
  const data = request.inputs.map((text, index) => {
    const vector = vectorOf(text) ?? embedText(text, request.dimensions);
    return { object: 'embedding', index, embedding: request.encoding === 'float' ? vector : base64Of(vector) };
  });
  const usage = { prompt_tokens: request.inputTokens, total_tokens: request.inputTokens };
  return JSON.stringify({ object: 'list', data, model: request.model, usage });
}

/** 32-bit floats, little endian, as clients that ask for it expect. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  vector.forEach((value, index) => bytes.writeFloatLE(value, 4 * index));
  return bytes.toString('base64');
}
