/**
 * Changes of `promptrig.yaml` that the editor makes for a person. Comments, order and spelling of everything that a change is
 * not about stay as they are, to the byte: the file is shared, and its next reader sees the difference.
 */
import { isDeepStrictEqual } from 'node:util';
import { isSeq } from 'yaml';
import { withoutBom } from '../lines';
import type { EndpointSpec } from '../schema-endpoint';
import { appendItem, removeItem } from './edit-list';
import { removeNested, setNested } from './edit-map';
import { applyEdits, changeBetween, UneditableError, type SourceEdit } from './source-edit';
import { entryOf, YamlSource } from './yaml-source';

type Data = Record<string, unknown>;
type Step = (source: YamlSource) => SourceEdit[];

/** Adds an endpoint behind the others. @throws UneditableError */
export function addEndpoint(text: string, endpoint: EndpointSpec): SourceEdit[] {
  // Without keys that are undefined, which YAML does not know.
  const item = JSON.parse(JSON.stringify(endpoint)) as EndpointSpec;
  return edited(text, (_, data) => ({
    steps: [(source) => appendItem(source, 'endpoints', item)],
    expected: { ...data, endpoints: [...listIn(data), item] },
  }));
}

/** Removes the endpoint at a place in the list; where it is the default, that too. @throws UneditableError */
export function removeEndpoint(text: string, index: number): SourceEdit[] {
  return edited(text, (before, data) => {
    const steps: Step[] = [(source) => removeItem(source, 'endpoints', index)];
    const left = listIn(data).filter((_, at) => at !== index);
    const expected: Data = { ...data, endpoints: left };
    // Brackets can be empty; a list of dashes without any is a key without a value.
    if (left.length === 0 && !isInBrackets(before)) delete expected['endpoints'];
    const removed = listIn(data)[index];
    const { defaults } = data;
    if (isData(removed) && isData(defaults) && defaults['endpoint'] === removed['name']) {
      steps.push((source) => removeNested(source, 'defaults', 'endpoint'));
      const rest = Object.entries(defaults).filter(([key]) => key !== 'endpoint');
      if (rest.length > 0) expected['defaults'] = Object.fromEntries(rest);
      else delete expected['defaults'];
    }
    return { steps, expected };
  });
}

/** Makes an endpoint the one of files that name none. @throws UneditableError */
export function setDefaultEndpoint(text: string, name: string): SourceEdit[] {
  return edited(text, (_, data) => {
    const defaults = isData(data['defaults']) ? data['defaults'] : {};
    return {
      steps: [(source) => setNested(source, 'defaults', 'endpoint', name)],
      expected: { ...data, defaults: { ...defaults, endpoint: name } },
    };
  });
}

/**
 * Takes the steps one after the other and holds what comes out to the data that is expected: a file that is written in a way
 * which these edits do not understand is refused, not damaged.
 */
function edited(
  text: string,
  plan: (source: YamlSource, data: Data) => { steps: Step[]; expected: Data },
): SourceEdit[] {
  const body = withoutBom(text);
  const shift = text.length - body.length;
  const source = YamlSource.read(body);
  const { steps, expected } = plan(source, isData(source.data) ? source.data : {});
  let after = source;
  let edits: SourceEdit[] = [];
  for (const step of steps) {
    edits = step(after);
    const next = applyEdits(after.text, edits);
    try {
      after = YamlSource.read(next);
    } catch (error) {
      throw unusual(error instanceof UneditableError ? error.reason : undefined);
    }
  }
  if (!isDeepStrictEqual(after.data, expected)) throw unusual('the edited text says something else');
  if (steps.length > 1) edits = [changeBetween(body, after.text)];
  return edits.map((edit) => ({ ...edit, offset: edit.offset + shift }));
}

function unusual(reason: string | undefined): UneditableError {
  return new UneditableError('The file is written in an unusual way.', reason);
}

function isInBrackets({ root }: YamlSource): boolean {
  const list = root === null ? undefined : entryOf(root, 'endpoints')?.value;
  return isSeq(list) && list.flow === true;
}

function listIn(data: Data): unknown[] {
  return Array.isArray(data['endpoints']) ? (data['endpoints'] as unknown[]) : [];
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
