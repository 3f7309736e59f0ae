import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../playground/dataplane/metrics/prometheus.ts';
import type { NginxWithLua } from '../../../scripts/lib/ingress-nginx-lua.ts';
import { eventually } from '../eventually.ts';

const STAND_INS = join(import.meta.dirname, 'lua');

/**
 * A real nginx with the balancer of ingress-nginx; `/<upstream>/` is a location with that stable upstream.
 */
export class RealNginx {
  readonly port: number;
  /** the ports of the pods of each arm */
  readonly arms: { stable: number; canary: number };
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(
    child: ChildProcess,
    directory: string,
    ports: { port: number; arms: RealNginx['arms'] },
  ) {
    this.#child = child;
    this.#directory = directory;
    this.port = ports.port;
    this.arms = ports.arms;
  }

  static async start(found: NginxWithLua): Promise<RealNginx> {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-nginx-'));
    const arms = { stable: await freePort(), canary: await freePort() };
    const port = await freePort();
    const config = join(directory, 'nginx.conf');
    writeFileSync(config, configuration(found, directory, { port, arms }));
    const child = spawn(found.nginx, ['-c', config, '-p', directory, '-e', join(directory, 'error.log')], {
      stdio: 'ignore',
    });
    const nginx = new RealNginx(child, directory, { port, arms });
    const ready = eventually(async () => {
      await fetch(`http://127.0.0.1:${arms.stable}/`);
    });
    const ended = once(child, 'exit').then(() => readFileSync(join(directory, 'error.log'), 'utf8'));
    const why = await Promise.race([ready, ended]);
    if (why !== undefined) throw new Error(`nginx does not start: ${why}`);
    return nginx;
  }

  /**
   * Sends the backends like the controller; resolves when the balancer has them. `last` is the name of one
   * that has endpoints.
   */
  async tell(backends: readonly object[], last: string): Promise<void> {
    const url = `http://127.0.0.1:${this.port}/configuration/backends`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(backends) });
    if (answer.status !== 201) throw new Error(`backends were not taken: ${answer.status}`);
    await eventually(async () => {
      const { status } = await fetch(`http://127.0.0.1:${this.port}/${last}/`);
      if (status !== 200) throw new Error('the balancer does not have them yet');
    });
  }

  /** The number of requests without headers, out of `times`, that would go to the canary. */
  async draw(upstream: string, times: number): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/draw/${upstream}/${times}`);
    return Number(await answer.text());
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const DICTIONARIES = [
  ...['configuration_data', 'certificate_data', 'certificate_servers', 'ocsp_response_cache'],
  ...['balancer_ewma', 'balancer_ewma_last_touched_at', 'balancer_ewma_locks'],
];
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** The parts of ingress-nginx's own template that matter here. */
const configuration = (
  { modules, lua }: NginxWithLua,
  directory: string,
  { port, arms }: { port: number; arms: RealNginx['arms'] },
): string => `
${modules.map((path) => `load_module ${path};`).join('\n')}
daemon off;
master_process off;
pid ${directory}/nginx.pid;
events {}
http {
  access_log off;
  ${TEMPORARY.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n  ')}
  lua_package_path "${STAND_INS}/?.lua;${lua}/?.lua;;";
  ${DICTIONARIES.map((name) => `lua_shared_dict ${name} 5m;`).join('\n  ')}
  init_by_lua_block {
    require "resty.core"
    configuration = require "configuration"
    balancer = require "balancer"
  }
  init_worker_by_lua_block {
    math.randomseed(20260101)
    balancer.init_worker()
  }
  upstream upstream_balancer {
    server 0.0.0.1;
    balancer_by_lua_block { balancer.balance() }
  }
  server {
    listen 127.0.0.1:${port};
    location ^~ /configuration/ {
      client_body_buffer_size 10m;
      client_max_body_size 10m;
      content_by_lua_block { configuration.call() }
    }
    location ~ ^/draw/(?<upstream>[^/]+)/(?<times>[0-9]+)$ {
      content_by_lua_block {
        local found = balancer.get_balancer_by_upstream_name(ngx.var.upstream)
        local count = 0
        for _ = 1, tonumber(ngx.var.times) do
          if balancer.route_to_alternative_balancer(found) then count = count + 1 end
        end
        ngx.print(count)
      }
    }
    location ~ ^/(?<upstream>[^/]+)/ {
      set $proxy_upstream_name $upstream;
      set $proxy_alternative_upstream_name "";
      set $location_path "/";
      rewrite_by_lua_block { balancer.rewrite() }
      log_by_lua_block { balancer.log() }
      add_header x-canary $proxy_alternative_upstream_name always;
      proxy_pass http://upstream_balancer;
    }
  }
  server { listen 127.0.0.1:${arms.stable}; return 200; add_header x-arm stable; }
  server { listen 127.0.0.1:${arms.canary}; return 200; add_header x-arm canary; }
}
`;
