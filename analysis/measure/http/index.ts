import type { Source } from '../source.ts';
import { checkReference, showReference } from './reference.ts';

/** JSON over HTTP: "/stats/{{service}}#/requests/total" is a document below an end point, and a JSON Pointer into it. */
export const http: Source = {
  name: 'http',
  title: 'JSON over HTTP',
  serves: ['counts', 'numbers'],
  presets: false,
  check: checkReference,
  shown: showReference,
  open: async (url) => {
    const { openHttp } = await import('./endpoint.ts');
    return openHttp(url);
  },
};
