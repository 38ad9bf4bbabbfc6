import type { ComponentChildren } from 'preact';
import type { Issues } from '../data/checks.ts';
import { Dialog } from './dialog.tsx';
import { FormError } from './notes.tsx';

interface Props {
  title: string;
  isWide?: boolean;
  onClose: () => void;
  /** What is wrong with what is filled in: while anything is, nothing is sent. */
  issues: Issues;
  onTry?: () => void;
  onSend: () => void;
  /** Why it was not done. */
  error: Error | null;
  isDisabled: boolean;
  /** What the button says that sends it. */
  action: string;
  /** What stands beside the buttons. */
  note?: ComponentChildren;
  children: ComponentChildren;
}

/** A form in a dialog: it is held against the rules before it is sent, and what the API refuses of it as a whole stands at its end. */
export const FormDialog = ({
  title,
  isWide = false,
  onClose,
  issues,
  onTry,
  onSend,
  error,
  isDisabled,
  action,
  note,
  children,
}: Props) => (
  <Dialog title={title} onClose={onClose} isWide={isWide}>
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onTry?.();
        if (Object.keys(issues).length === 0) onSend();
        else event.currentTarget.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      }}
    >
      <div class="dialog-body">
        {children}
        <FormError error={error} />
      </div>
      <footer class="dialog-foot">
        {note}
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" class="button primary" disabled={isDisabled}>
          {action}
        </button>
      </footer>
    </form>
  </Dialog>
);
