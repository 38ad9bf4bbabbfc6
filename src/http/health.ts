import type { Context, Next } from 'koa';

export interface Health {
  isDraining: () => boolean;
  /** What readiness depends on, and what is only told. */
  check: () => Promise<{ isReady: boolean; parts: Record<string, 'up' | 'down'> }>;
}

/** `GET /healthz`: the process lives. `GET /readyz`: it can do its work; 503 while it starts, drains, or lacks what it needs. */
export const healthRoutes =
  (health: Health) =>
  async (ctx: Context, next: Next): Promise<void> => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      await next();
      return;
    }
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'ok' };
    } else if (ctx.path === '/readyz') {
      const { isReady, parts } = await health.check();
      const isDraining = health.isDraining();
      ctx.status = isReady && !isDraining ? 200 : 503;
      ctx.body = { status: isDraining ? 'draining' : isReady ? 'ready' : 'unavailable', ...parts };
    } else {
      await next();
      return;
    }
    ctx.set('Cache-Control', 'no-store');
  };
