import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { router } from './router';
import { useConnection } from './stores/connection';
import { usePreferences } from './stores/preferences';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';

const app = createApp(App).use(createPinia()).use(router);
usePreferences();
useConnection().start();
app.mount('#app');
