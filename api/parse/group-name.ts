import { matching } from '../../lib/schema/read.ts';

export const groupName = matching({
  pattern: /^[A-Za-z0-9][A-Za-z0-9 _.-]*$/,
  max: 63,
  name: 'the name of a group',
  rule: 'a letter or digit, then letters, digits, spaces, "_", "." and "-", at most 63 in all',
});
