import { Document, Scalar, visit } from 'yaml';
import { escapeJson, escapeText } from '../../lib/text.ts';

/** A JSON document as it may be printed: of one line, or indented. */
export function toJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, null, indent));
}

/** A YAML document as it may be printed; text that would steer a terminal is quoted, since only quoted text can be escaped. */
export function toYaml(value: unknown): string {
  // By way of JSON, as the server sent it: no two places become an anchor and its alias.
  const document = new Document(JSON.parse(JSON.stringify(value)));
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && escapeText(node.value) !== node.value)
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeJson(document.toString({ lineWidth: 0, doubleQuotedAsJSON: true })).trimEnd();
}
