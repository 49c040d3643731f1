// Where a Chromium for the browser tests is, and how to get one. Plain JavaScript: the setup script uses it on the
// host's Node, the tests on ours. Nothing here is downloaded unless `installBrowser` is called.

import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

// A download that has not finished by then is taken for one that never will (a proxy that swallows it).
const DOWNLOAD_MS_MAX = 300_000

const CANDIDATES = {
  linux: [
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/usr/bin/google-chrome-stable',
    '/usr/bin/chromium-browser',
    '/usr/local/bin/chromium',
    '/snap/bin/chromium',
  ],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LocalAppData'].map((name) =>
    join(process.env[name] ?? 'C:\\Program Files', 'Google', 'Chrome', 'Application', 'chrome.exe'),
  ),
}

/** @param {string | undefined} path */
function isExecutable(path) {
  if (path === undefined || path === '') return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @returns {Promise<string | undefined>} where Playwright's own browser is or would be */
async function playwrightBrowser() {
  try {
    const { chromium } = await import('playwright-core')
    return chromium.executablePath()
  } catch {
    return undefined
  }
}

/**
 * The path of a Chromium that can be started, or undefined. WAYPOST_CHROMIUM comes before everything, and when it names
 * nothing that runs, that is an error: whoever set it does not want another one.
 * @returns {Promise<string | undefined>}
 */
export async function findBrowser() {
  const named = process.env.WAYPOST_CHROMIUM
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named
    throw new Error(`WAYPOST_CHROMIUM names ${named}, which cannot be executed`)
  }
  const platform = process.platform
  const usual = platform === 'darwin' || platform === 'win32' ? CANDIDATES[platform] : CANDIDATES.linux
  return [...usual, await playwrightBrowser()].find(isExecutable)
}

/**
 * Installs a Chromium: Debian's own when we may (it brings its libraries along), else Playwright's.
 * @param {(line: string) => void} say
 * @returns {Promise<string | undefined>} what is wrong, or undefined when a browser is there now
 */
export async function installBrowser(say) {
  const debian = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  const attempts = debian ? [fromDebian, fromPlaywright] : [fromPlaywright]
  for (const attempt of attempts) {
    attempt(say)
    if ((await findBrowser()) !== undefined) return undefined
  }
  return (
    'no Chromium could be installed. Install Chromium or Google Chrome (Debian and Ubuntu: `apt-get install chromium`), ' +
    'or set WAYPOST_CHROMIUM to the executable of one you have.'
  )
}

/** @param {(line: string) => void} say */
function fromDebian(say) {
  say('apt-get install chromium')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  /** @param {string[]} args */
  const apt = (args) =>
    spawnSync('apt-get', ['-q', '-o', 'Dpkg::Use-Pty=0', ...args], {
      env,
      stdio: ['ignore', 'ignore', 2],
      timeout: DOWNLOAD_MS_MAX,
    })
  apt(['update'])
  apt(['install', '-y', '--no-install-recommends', 'chromium'])
}

/** @param {(line: string) => void} say */
function fromPlaywright(say) {
  say('playwright-core install chromium')
  const cli = join(root, 'node_modules', 'playwright-core', 'cli.js')
  spawnSync(process.execPath, [cli, 'install', 'chromium'], {
    stdio: ['ignore', 2, 2],
    timeout: DOWNLOAD_MS_MAX,
  })
}
