import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';
import { t } from '@/texts';

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'overview', component: () => import('@/views/OverviewView.vue') },
  { path: '/nodes', name: 'nodes', component: () => import('@/views/NodesView.vue') },
  { path: '/nodes/:name', name: 'node', component: () => import('@/views/NodeView.vue'), props: true },
  { path: '/gpus', name: 'gpus', component: () => import('@/views/GpusView.vue') },
  { path: '/tasks', name: 'tasks', component: () => import('@/views/TasksView.vue') },
  { path: '/tasks/:id(\\d+)', name: 'task', component: () => import('@/views/TaskView.vue'), props: true },
  { path: '/environments', name: 'environments', component: () => import('@/views/EnvironmentsView.vue') },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('@/views/MissingView.vue') },
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

router.afterEach((to) => {
  const titles = t.titles as Record<string, string>;
  const name = String(to.params.name ?? (to.params.id ? `#${to.params.id}` : '')) || titles[String(to.name)];
  document.title = name ? `${name} · HakuRiver` : 'HakuRiver';
});
