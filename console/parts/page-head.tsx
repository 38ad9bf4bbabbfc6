import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

interface Props {
  title: string;
  /** What stands beside the title, a status say. */
  beside?: ComponentChildren;
  /** What stands under it. */
  under?: ComponentChildren;
  actions?: ComponentChildren;
}

/** A page's title, in the browser's tab too, and what may be done on it. */
export function PageHead({ title, beside, under, actions }: Props) {
  useEffect(() => {
    document.title = `${title} · Doppel`;
  }, [title]);
  return (
    <header class="page-head">
      <div>
        <div class="page-title">
          <h1>{title}</h1>
          {beside}
        </div>
        {under !== undefined && <p class="faint">{under}</p>}
      </div>
      {actions !== undefined && <div class="actions">{actions}</div>}
    </header>
  );
}
