/** Which files an eval file refers to have a say in which result, and whether they are still what they were. */
import { createHash } from 'node:crypto';

export interface FileInput {
  /** JSON pointer of the text that names the file. */
  pointer: string;
  /** Absolute. */
  path: string;
}

/** What a file held, as far as it is known. */
export interface FileInputs {
  inputs: readonly FileInput[];
  /** Digest of a file's content; undefined where it has not been read yet. A file that is not there has a digest, too. */
  digestOf(path: string): string | undefined;
}

export const NO_FILES: FileInputs = { inputs: [], digestOf: () => undefined };

/** Top-level keys whose files shape every answer; of imported files every reference counts as such. */
const SHARED = /^\/(?:endpoints|prompt|messages|prompts|params|matrix|vars|judge)(?:\/|$)/;
const OF_CASE = /^(\/cases\/[^/]+)\/(?:vars|messages|expected|turns\/\d+\/user)(?:\/|$)/;
const OF_STAGE = /^(\/load(?:\/\d+)?)\/(?!slo(?:\/|$))/;
const OF_ASSERTION = /^((?:\/cases\/[^/]+(?:\/turns\/\d+)?)?\/assert\/[^/]+)(?:\/|$)/;

/** Files by what they decide. */
export class FileDependencies {
  private readonly shared = new Set<string>();
  private readonly dataset = new Set<string>();
  private readonly byOwner = new Map<string, Set<string>>();
  private readonly ofCases = new Set<string>();
  private readonly ofAssertions = new Set<string>();

  /** @param isForeign whether pointers are those of an imported file, which say nothing about ours */
  constructor(
    { inputs }: Pick<FileInputs, 'inputs'>,
    private readonly digestOf: FileInputs['digestOf'],
    isForeign: boolean,
  ) {
    for (const { pointer, path } of inputs) {
      const caseAt = OF_CASE.exec(pointer)?.[1];
      const assertionAt = OF_ASSERTION.exec(pointer)?.[1];
      const stageAt = OF_STAGE.exec(pointer)?.[1];
      if (isForeign || SHARED.test(pointer)) this.shared.add(path);
      else if (/^\/dataset(?:\/|$)/.test(pointer)) this.dataset.add(path);
      else if (caseAt !== undefined) {
        this.own(caseAt).add(path);
        this.ofCases.add(path);
      } else if (assertionAt !== undefined) {
        this.own(assertionAt).add(path);
        this.ofAssertions.add(path);
      } else if (stageAt !== undefined) this.own(stageAt).add(path);
    }
  }

  /** Of what one case is asked; `isDataset` for the rows of the dataset. */
  case(pointer: string, isDataset: boolean): string | undefined {
    return this.digest(this.shared, isDataset ? this.dataset : this.byOwner.get(pointer));
  }

  /** Of what all cases are asked. */
  cases(): string | undefined {
    return this.digest(this.shared, this.dataset, this.ofCases);
  }

  /** Of a load stage, which draws its prompts from the cases. */
  stage(pointer: string): string | undefined {
    return this.digest(this.shared, this.dataset, this.ofCases, this.byOwner.get(pointer));
  }

  /** Of an assertion or a member of one alone, such as its schema or its code. */
  assertion(pointer: string): string | undefined {
    return this.digest(this.byOwner.get(OF_ASSERTION.exec(pointer)?.[1] ?? pointer));
  }

  assertions(): string | undefined {
    return this.digest(this.ofAssertions);
  }

  private own(pointer: string): Set<string> {
    const known = this.byOwner.get(pointer) ?? new Set<string>();
    this.byOwner.set(pointer, known);
    return known;
  }

  /** Empty where there is no file; undefined where one of them has not been read. */
  private digest(...groups: (ReadonlySet<string> | undefined)[]): string | undefined {
    const paths = [...new Set(groups.flatMap((group) => [...(group ?? [])]))].sort();
    if (paths.length === 0) return '';
    const hash = createHash('sha256');
    for (const path of paths) {
      const content = this.digestOf(path);
      if (content === undefined) return undefined;
      // Without the path: a folder that is moved is still the same folder.
      hash.update(`${content}\n`);
    }
    return hash.digest('hex').slice(0, 16);
  }
}
