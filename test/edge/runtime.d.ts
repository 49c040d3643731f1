// What `cloudflare:workers` hands to a test: the exports of our own Worker, and the bindings of wrangler.toml. The
// runtime's types are open for this on purpose.

declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import('../../workers/index.ts')
    durableNamespaces: 'SignalingRoom' | 'RelayMailbox' | 'NetworkRegistry' | 'DhtShard'
  }
}
