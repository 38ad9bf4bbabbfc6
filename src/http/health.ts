import Router from '@koa/router';

export interface Health {
  isDraining: () => boolean;
  /** What readiness depends on, and what is only told. */
  check: () => Promise<{ isReady: boolean; parts: Record<string, 'up' | 'down'> }>;
}

/** `GET /healthz`: the process lives. `GET /readyz`: it can do its work; 503 while it starts, drains, or lacks what it needs. */
export function healthRoutes(health: Health): Router {
  const router = new Router({ strict: true, sensitive: true });
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', async (ctx) => {
    const { isReady, parts } = await health.check();
    const isDraining = health.isDraining();
    ctx.set('Cache-Control', 'no-store');
    ctx.status = isReady && !isDraining ? 200 : 503;
    ctx.body = { status: isDraining ? 'draining' : isReady ? 'ready' : 'unavailable', ...parts };
  });
  return router;
}
