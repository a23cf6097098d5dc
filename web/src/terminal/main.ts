import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { usePreferences } from '@/stores/preferences';
import '@/styles/tokens.css';
import '@/styles/base.css';
import '@/styles/controls.css';
import TerminalPage from './TerminalPage.vue';

// A document of its own: xterm sets styles inline, which no other page may.
const app = createApp(TerminalPage).use(createPinia());
usePreferences();
app.mount('#app');
