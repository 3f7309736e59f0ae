import { Document, Scalar, visit } from 'yaml';
import { escapeJson, escapeText } from '../../lib/text.ts';

/** A JSON document as it may be printed: in one line, or indented. */
export function toJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, null, indent));
}

/** A YAML document as it may be printed; text that would steer a terminal is quoted, since only quoted text can be escaped. */
export function toYaml(value: unknown): string {
  // Copied by way of JSON, so that values used in two places do not become an anchor and an alias.
  const document = new Document(JSON.parse(JSON.stringify(value)));
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && escapeText(node.value) !== node.value)
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeJson(document.toString({ lineWidth: 0, doubleQuotedAsJSON: true })).trimEnd();
}
