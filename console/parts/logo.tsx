export const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <rect x="2" y="2" width="20" height="20" rx="7" fill="#6e56cf" />
    <rect x="10" y="10" width="20" height="20" rx="7" fill="#f2994a" fill-opacity=".92" />
    <path d="M17 10h5v5a7 7 0 0 1-7 7h-5v-5a7 7 0 0 1 7-7z" fill="#fff" />
  </svg>
);
