// Drawn on a grid of 20; they say nothing to screen readers, since the words beside them do.

import type { ComponentChildren } from 'preact';

const icon = (drawing: ComponentChildren) =>
  function Icon() {
    return (
      <svg
        class="icon"
        viewBox="0 0 20 20"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
        aria-hidden="true"
      >
        {drawing}
      </svg>
    );
  };

export const PeopleIcon = icon(
  <path d="M7 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.2-4.5 5-4.5s5 1.5 5 4.5M13 3.7a3 3 0 0 1 0 5.6M14.5 12.3c2.1.5 3.5 1.9 3.5 4.2" />,
);
export const JobsIcon = icon(<path d="M3 5h9M3 10h14M3 15h6M15 3.5v3M12.5 13.5v3" />);
export const WebhookIcon = icon(
  <path d="M10 3v6l-4.5 3M10 9l4.5 3M10 4.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM4.5 15a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15.5 15a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM4.5 15v2.5h11V15" />,
);
export const KeyIcon = icon(<path d="M7 13a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10.5 9.5H18v3M14.5 9.5v2.5" />);
export const FolderIcon = icon(
  <path d="M2.5 5.5a1.5 1.5 0 0 1 1.5-1.5h3.5l2 2H16a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 16 16H4a1.5 1.5 0 0 1-1.5-1.5z" />,
);
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />);
export const CloneIcon = icon(
  <>
    <rect x="3" y="3" width="10" height="10" rx="3" />
    <path d="M16 8.5a2 2 0 0 1 1 1.7V14a3 3 0 0 1-3 3h-3.8a2 2 0 0 1-1.7-1" />
  </>,
);
export const TrashIcon = icon(<path d="M3.5 5.5h13M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5" />);
export const RetryIcon = icon(<path d="M16 10a6 6 0 1 1-1.8-4.3L16 7.5M16 3.5v4h-4" />);
export const StopIcon = icon(<rect x="5" y="5" width="10" height="10" rx="2" />);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9" height="9" rx="2" />
    <path d="M4 13V5.5A1.5 1.5 0 0 1 5.5 4H13" />
  </>,
);
export const ImageIcon = icon(
  <>
    <rect x="2.5" y="3.5" width="15" height="13" rx="2" />
    <path d="M3 14l4-4 3.5 3.5L13 11l4 4M12.5 7.5h.010" />
  </>,
);
export const SunIcon = icon(
  <path d="M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4" />,
);
export const OutIcon = icon(
  <path d="M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M8 10h9M13.5 6.5L17 10l-3.5 3.5" />,
);
export const BookIcon = icon(
  <path d="M3 4.5c2.5-1 5-.8 7 .7 2-1.5 4.5-1.7 7-.7v11c-2.5-1-5-.8-7 .7-2-1.5-4.5-1.7-7-.7zM10 5.2v11" />,
);
export const SendIcon = icon(<path d="M3 10.5L17 3l-4.5 14-3-5.5zM9.5 11.5L17 3" />);
export const PenIcon = icon(<path d="M12.5 4.5l3 3L7 16H4v-3zM10.5 6.5l3 3" />);
