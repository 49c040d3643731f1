// Makes a fresh clone runnable: installs what the lockfile names, sees to it that Node 24 is there, and with --browser
// finds or installs a Chromium. Plain JavaScript without dependencies, because it runs on the Node of the host (20 or
// newer) before anything is installed. When there is nothing to do it says nothing and takes a few milliseconds.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBrowser, installBrowser } from './find-browser.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'

// Node 22.18 is the first release that runs TypeScript files without a flag; wrangler itself wants 22.0.
const NODE_MIN = [22, 18]

/** @param {string} line */
const say = (line) => process.stderr.write(`setup: ${line}\n`)

/**
 * @param {string} problem
 * @returns {never}
 */
const fail = (problem) => {
  say(problem)
  process.exit(1)
}

// The `node` that `npm run` puts first in PATH lives in node_modules, which an installation replaces: npm has to run on
// the host's own.
const hostPath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((entry) => !entry.endsWith(join('node_modules', '.bin')))
  .join(delimiter)

/**
 * @param {string[]} args
 * @returns {boolean} whether npm succeeded
 */
function npm(args) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PATH: hostPath }
  // A surrounding `npm start --some-flag` must not leak its flags into this installation.
  for (const name of Object.keys(env))
    if (/^npm_(config_global|command|lifecycle)/i.test(name)) delete env[name]
  return spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], env, shell: windows }).status === 0
}

/**
 * @param {string} path
 * @returns {Record<string, LockEntry> | undefined} the packages a lockfile names, by their folder
 */
function packagesIn(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** @typedef {{ version?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockEntry */

/**
 * An optional package is one platform's binary, and is missing by design on all the others.
 * @param {LockEntry} entry
 */
function isForThisMachine(entry) {
  if (entry.optional !== true) return true
  if (entry.os === undefined || entry.cpu === undefined || entry.libc !== undefined) return false
  return entry.os.includes(process.platform) && entry.cpu.includes(process.arch)
}

/** @returns {string | undefined} why an installation is needed, if it is */
function whyInstall() {
  const wanted = packagesIn(join(root, 'package-lock.json'))
  if (wanted === undefined) return fail('package-lock.json cannot be read')
  // npm writes this file last, so an interrupted installation has none.
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return 'nothing is installed yet'
  for (const [folder, entry] of Object.entries(wanted)) {
    if (folder === '' || !isForThisMachine(entry)) continue
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
    if (installed[folder]?.version !== entry.version) return `${name} ${entry.version} is not installed`
    if (!existsSync(join(root, folder))) return `${name} has gone from node_modules`
  }
  return undefined
}

/**
 * @param {string} command
 * @returns {number[] | undefined} the version a node binary reports
 */
function nodeVersion(command) {
  if (command !== 'node' && !existsSync(command)) return undefined
  const answer = spawnSync(command, ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: hostPath },
  })
  const match = /^v(\d+)\.(\d+)\./.exec(answer.stdout ?? '')
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}

/** @param {number[] | undefined} version */
function isEnough(version) {
  if (version === undefined) return false
  const [major = 0, minor = 0] = version
  const [majorMin = 0, minorMin = 0] = NODE_MIN
  return major > majorMin || (major === majorMin && minor >= minorMin)
}

function ensureNode() {
  const ours = join(root, 'node_modules', '.bin', windows ? 'node.cmd' : 'node')
  const binary = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')
  const works = () => existsSync(ours) && isEnough(nodeVersion(binary))
  if (works()) return
  if (isEnough(nodeVersion('node'))) {
    // A broken link would still come first in PATH.
    if (existsSync(ours)) rmSync(ours, { force: true })
    return
  }
  // npm leaves the binary out when install scripts are switched off: the package fetches it in one.
  say('fetching Node 24, which the tools need (its install script was skipped)')
  npm(['rebuild', 'node', '--ignore-scripts=false', '--no-audit', '--no-fund'])
  if (works()) return
  fail(
    `the tools need Node ${NODE_MIN.join('.')} or newer, this is ${process.version}, and npm did not install the one ` +
      'of devDependencies. Install Node 24, or allow install scripts and run `npm rebuild node`.',
  )
}

function ensurePackages() {
  const why = whyInstall()
  if (why === undefined) return
  say(`${why}: running npm ci`)
  if (!npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']))
    fail('npm ci failed; its own words are above')
}

async function ensureBrowser() {
  const found = await findBrowser().catch((error) => fail(error.message))
  if (found !== undefined) return
  say('no Chromium found: installing one for the browser tests')
  const problem = await installBrowser(say)
  if (problem !== undefined) fail(problem)
}

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Node 20 or newer is needed, this is ${process.version}`)
if (!existsSync(join(root, 'package-lock.json'))) fail(`no package-lock.json in ${root}${sep}`)
ensurePackages()
ensureNode()
if (process.argv.includes('--browser')) await ensureBrowser()
