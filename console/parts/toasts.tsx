import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useMemo, useState } from 'preact/hooks';

interface Toast {
  id: number;
  text: string;
  kind: 'done' | 'warning';
}

interface Toasts {
  say: (text: string) => void;
  warn: (text: string) => void;
}

const ToastsContext = createContext<Toasts>({ say: () => undefined, warn: () => undefined });

export const useToasts = () => useContext(ToastsContext);

const shownMs = { done: 4_000, warning: 9_000 };
let lastId = 0;

/** Short words on what has happened, which screen readers say and which go by themselves. */
export function ToastProvider({ children }: { children: ComponentChildren }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const remove = useCallback((id: number) => {
    setToasts((others) => others.filter((toast) => toast.id !== id));
  }, []);
  const value = useMemo(() => {
    const add = (text: string, kind: Toast['kind']) => {
      const id = ++lastId;
      setToasts((others) => [...others.slice(-2), { id, text, kind }]);
      setTimeout(remove, shownMs[kind], id);
    };
    return {
      say: (text: string) => {
        add(text, 'done');
      },
      warn: (text: string) => {
        add(text, 'warning');
      },
    };
  }, [remove]);
  return (
    <ToastsContext.Provider value={value}>
      {children}
      <div class="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, kind }) => (
          <div key={id} class={`toast ${kind}`}>
            <span>{text}</span>
            <button
              type="button"
              class="icon-button"
              aria-label="Dismiss"
              onClick={() => {
                remove(id);
              }}
            >
              ×
            </button>
          </div>
        ))}
      </div>
    </ToastsContext.Provider>
  );
}
