// How the page is built: one HTML file, one script, one style sheet, nothing inline (the gateway's content
// security policy refuses inline code). `--mode mock` adds the sample peer of dev/ for looking at the page.
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { samplePeer } from './dev/sample-peer.ts'

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === 'mock' ? [samplePeer()] : [])],
  build: {
    outDir: 'dist',
    target: ['es2022', 'chrome123', 'firefox121', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ['src/**/*.test.ts'] },
}))
