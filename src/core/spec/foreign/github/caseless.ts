/** Texts as regular expressions that look at no case: JavaScript has no flag for it inside of a pattern. */

/**
 * A pattern for `text`; what stands in its templates is spelled out once they are rendered.
 * @returns a native template of a regular expression
 */
export function caseless(text: string): string {
  return text
    .split(/(\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*\}\})/)
    .map((part, index) => (index % 2 === 1 ? templatePattern(part) : [...part].map(characterPattern).join('')))
    .join('');
}

function characterPattern(character: string): string {
  const lower = character.toLowerCase();
  const upper = character.toUpperCase();
  if (lower !== upper && lower.length === 1 && upper.length === 1) return `[${lower}${upper}]`;
  return /[\\^$.|?*+()[\]{}/]/.test(character) ? `\\${character}` : character;
}

/** The same, done by the template for each character of what it stands for. */
function templatePattern(template: string): string {
  const expression = template.slice(2, -2).trim();
  return (
    `{% for c in (${expression}) | string | list %}` +
    '{% if c | lower != c | upper %}[{{ c | lower }}{{ c | upper }}]' +
    String.raw`{% elif c in "\\^$.|?*+()[]{}/" %}\{{ c }}` +
    '{% else %}{{ c }}{% endif %}{% endfor %}'
  );
}
