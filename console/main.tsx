import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme } from './parts/shell.tsx';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/pages.css';

applyTheme();
const place = document.getElementById('app');
if (place !== null) render(<App />, place);
