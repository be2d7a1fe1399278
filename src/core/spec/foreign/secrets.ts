/** What must never be copied from an imported file into a spec, a plan or a result. */

const SECRET_NAME =
  /(?:^|[_-])(?:key|apikey|token|secret|password|passwd|pwd|credential|credentials|auth|bearer|cookie|dsn)s?(?:$|[_-])|apikey$/i;
const SECRET_VALUE = /^(?:bearer\s|basic\s|sk-|sk_|hf_|gsk_|xai-|ghp_|gho_|github_pat_|AIza|AKIA|eyJ)/i;
/** What people write where a server wants a key and looks at none. */
const PLACEHOLDER =
  /^(?:|x+|-+|none|no|null|empty|dummy|fake|test|testing|unused|ignored|na|n\/a|placeholder|changeme|ollama|lm-?studio|vllm|local|localhost|not-?(?:needed|required|used)|no-?key(?:-?(?:needed|required))?|sk-no-key-required|sk-(?:dummy|fake|test|x+|none|\.\.\.))$/i;

/** Whether a variable or field of this name usually holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z])([A-Z])/g, '$1_$2'));
}

/** Whether a text has the look of a key or token. */
export function looksSecret(value: string): boolean {
  return SECRET_VALUE.test(value.trim()) && !isPlaceholder(value);
}

/** Whether a text only fills the place of a key. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value.trim());
}
