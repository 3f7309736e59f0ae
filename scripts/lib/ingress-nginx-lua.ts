import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { THIS_MACHINE, installPackages, programOnPath } from '../../playground/dataplane/metrics/apt.ts';

/**
 * The newest commit of ingress-nginx (July 2024) that is available as a Go module: Go does not accept its
 * tags.
 */
const MODULE = 'k8s.io/ingress-nginx@v0.0.0-20240708192948-52c50467d67d';
const DOWNLOAD_MS = 600_000;
const PACKAGES = [
  'nginx-light',
  'libnginx-mod-http-lua',
  'lua-cjson',
  'lua-resty-core',
  'lua-resty-lrucache',
];
const MODULES = '/usr/lib/nginx/modules';
const LUA = '/usr/share/lua/5.1/resty/core.lua';

export interface NginxWithLua {
  nginx: string;
  /** dynamic modules of nginx, in the order to load them */
  modules: string[];
  /** ingress-nginx's own Lua */
  lua: string;
}

/**
 * Debian's nginx with its Lua module, and ingress-nginx's Lua from Go's module cache; or a sentence that says
 * why they are missing.
 */
export function ensureNginxWithLua(say: (line: string) => void): NginxWithLua | { missing: string } {
  const modules = ['ndk_http_module.so', 'ngx_http_lua_module.so'].map((name) => join(MODULES, name));
  const found = () => [...modules, LUA].every((path) => existsSync(path)) && programOnPath('nginx');
  if (!found()) {
    if (THIS_MACHINE.root) say('installing nginx with Lua by apt-get, once');
    const refused = installPackages(PACKAGES, THIS_MACHINE);
    if (refused !== undefined) return { missing: `nginx has no Lua here. ${refused.sentence}` };
  }
  const nginx = found();
  if (typeof nginx !== 'string') return { missing: 'apt-get could not install nginx with Lua' };
  const go = programOnPath('go');
  if (go === undefined)
    return { missing: 'the Lua of ingress-nginx comes as a Go module, and there is no go here' };
  const ran = spawnSync(go, ['mod', 'download', '-json', MODULE], { cwd: tmpdir(), timeout: DOWNLOAD_MS });
  if (ran.status !== 0) return { missing: `go could not download ${MODULE}` };
  const { Dir } = JSON.parse(ran.stdout.toString()) as { Dir: string };
  return { nginx, modules, lua: join(Dir, 'rootfs/etc/nginx/lua') };
}
