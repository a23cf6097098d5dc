import type { Texts } from '../index';
import { overview, nodes, gpus } from './cluster';
import { environments, terminal } from './environments';
import { submit } from './submit';
import { states, actions, tasks, task, log } from './tasks';

/** Simplified Chinese. Fetched only when it is chosen. */
export const zh: Texts = {
  common: {
    close: '关闭',
    cancel: '取消',
    copy: '复制',
    copied: '已复制',
    retry: '重试',
    loading: '加载中…',
    now: '现在',
    none: '无',
    secondsAgo: (count) => `−${count} 秒`,
    minutesAgo: (count) => `−${count} 分`,
  },
  titles: {
    overview: '概览',
    nodes: '节点',
    gpus: 'GPU',
    tasks: '任务',
    environments: '环境',
    missing: '未找到',
  },
  shell: {
    skip: '跳到正文',
    newTask: '新建任务',
    pages: '页面',
    shortcuts: '快捷键',
    theme: '主题',
    themes: { system: '跟随系统', light: '浅色', dark: '深色' },
    version: (version) => `HakuRiver ${version}`,
  },
  help: {
    title: '键盘快捷键',
    api: 'API 说明',
    licenses: '许可证',
    goTo: (page) => `前往${page}`,
    keys: [
      ['n', '新建任务'],
      ['/', '搜索'],
      ['j k', '下一个、上一个任务'],
      ['o', '打开任务'],
      ['x', '勾选任务'],
      ['Esc', '关闭'],
      ['?', '本帮助'],
    ],
  },
  connection: {
    lost: 'Host 没有响应。',
    stale: '您看到的是最后已知的状态。',
    never: '它在运行吗？请用 hakuriver.host 启动。',
    retryIn: (count) => `${count} 秒后重试`,
    retrying: '正在重试…',
    now: '立即重试',
  },
  states,
  actions,
  overview,
  nodes,
  gpus,
  tasks,
  task,
  log,
  submit,
  environments,
  terminal,
  missing: {
    title: '没有这个页面',
    text: '地址可能已过时，或输入有误。',
  },
};
