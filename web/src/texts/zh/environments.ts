import type { Texts } from '../index';

export const environments: Texts['environments'] = {
  note: 'Host 上的容器，以及任务运行的环境',
  default: '默认',
  running: '运行中',
  stopped: '已停止',
  noContainer: 'Host 上没有容器；已打包的版本仍可运行。',
  start: '启动',
  stop: '停止',
  shell: '终端',
  package: '打包',
  packageHint: '将容器的当前状态发布给所有节点',
  remove: '删除',
  deleteContainer: (name) => `删除 ${name} 的容器`,
  deleteTitle: (name) => `删除 ${name} 的容器？`,
  deleteText: '打包之后的修改会丢失。已打包的版本会保留。',
  newest: '最新',
  noVersions: '尚未打包：任务还不能使用。',
  onNodes: (count, all) => `${all} 个节点中 ${count} 个已有`,
  onNoNode: '还没有节点拥有；第一个需要它的任务会带来',
  deleteVersion: (version) => `删除版本 ${version}`,
  deleteVersionTitle: '删除此版本？',
  deleteVersionText: '其 tar 包会被删除。已有它的节点会保留。',
  operations: { create: '正在创建容器', package: '正在打包', import: '正在导入' },
  finished: (operation, name) =>
    operation === 'create'
      ? `已创建 ${name}。`
      : operation === 'package'
        ? `已打包 ${name}。`
        : `已导入 ${name}。`,
  brokeOff: '操作中断。',
  create: '新建环境',
  createIt: '创建',
  image: '镜像',
  imageHint: '引擎能拉取或已有的任何镜像。',
  name: '名称',
  nameHint: '小写字母、数字、点、连字符和下划线。',
  errors: {
    image: '请填写起始镜像。',
    name: '名称以小写字母或数字开头，其后为字母、数字、点、连字符和下划线；最多 63 个字符。',
  },
  import: '导入',
  importHint: '从本机上传 tar 包',
  importing: (file) => `正在导入 ${file}…`,
  notTarball: (file) => `${file} 不是环境的 tar 包：文件名应为 NAME.tar 或 NAME-VERSION.tar。`,
  none: '还没有环境',
  noneText: '环境是在 Host 上手动配置的容器，任务在每个节点上都在其中运行。',
  noneCommand: 'hakuriver.docker create-container python:3.12-slim my-env',
};

export const terminal: Texts['terminal'] = {
  title: (what) => `终端：${what}`,
  environment: (name) => `${name} 的容器`,
  task: (id) => `任务 ${id}`,
  connecting: '正在连接…',
  connected: '已连接',
  ended: (code) => `Shell 已结束，退出码 ${code}。`,
  lost: '连接已断开。',
  again: '重新连接',
  what: '请指明要打开什么：/terminal.html?environment=NAME 或 ?task=ID。',
  region: '终端',
};
