/** An eval file of so many lines, as somebody would write it: cases with variables, assertions in every style, load and SLOs. */
export function longEval(lines: number): string {
  const parts = [
    'name: Long',
    'prompt: "Answer {{ question }} for the shop {{ shop }} in one sentence."',
    'vars: { shop: Acme }',
    'params: { temperature: 0, max_tokens: 64 }',
    'cases:',
  ];
  for (let n = 1; parts.length < lines - 10; n++) {
    parts.push(
      `  - name: case ${n}`,
      `    vars: { question: "How do I return item ${n}?", customer: { name: Ada, since: 2019 } }`,
      '    tags: [smoke, returns]',
      '    assert:',
      `      - contains: refund ${n}`,
      "      - not-contains: 'as an AI'",
      "      - regex: '\\d+ days'",
      '      - type: icontains',
      '        value: "{{ shop }} and {{ customer.name }}"',
      '        severity: warning',
    );
  }
  parts.push(
    'load:',
    '  - name: rush hour',
    '    pattern: poisson',
    '    rate: 20/s',
    '    duration: 30s',
    '    warmup: 5s',
    'slo:',
    '  - ttft.p99 <= 300ms',
    '  - quality.pass_rate >= 95%',
    '',
  );
  return parts.join('\n');
}
